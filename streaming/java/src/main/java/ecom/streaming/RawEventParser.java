package ecom.streaming;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/**
 * Decides whether bytes are an event, and takes its fields out. One per thread; the fields hold the last event.
 *
 * <p>An event is a JSON object in UTF-8 whose {@code user_id} and {@code product_id} are strings of 1 to 64
 * characters, whose {@code event_type} is an upper-case name of at most 40, whose {@code timestamp} is a real
 * date and time in UTC ({@code 2025-11-23T12:40:09Z}, at most nine decimals), and whose {@code event_id}, where
 * it has one, is a string of 1 to 64 characters. A {@code schema_version}, where it has one, is of the major that
 * this class knows: what another major means by these fields is not known. What else it holds is not looked at.
 */
final class RawEventParser {

    private static final int MAX_ID = 64;
    private static final int MAX_TYPE = 40;
    private static final String MAJOR = "1.";

    private final JsonFactory json = new JsonFactory();
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();

    String userId;
    String productId;
    String eventType;
    /** Null where the event brought none. */
    String eventId;
    /** Milliseconds since 1970; finer decimals are cut off. */
    long time;

    private String timestamp;
    private String mistyped;
    private boolean unknownVersion;

    /** Returns the reason why the bytes are no event, or null. */
    String parse(byte[] body) {
        if (body == null) {
            return "no_value";
        }
        String text = decode(body);
        return text == null ? "invalid_utf8" : parse(text);
    }

    private String decode(byte[] body) {
        try {
            return isAscii(body)
                    ? new String(body, StandardCharsets.ISO_8859_1)
                    : utf8.decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static boolean isAscii(byte[] bytes) {
        int bits = 0;
        for (byte b : bytes) {
            bits |= b;
        }
        return bits >= 0;
    }

    private String parse(String text) {
        userId = productId = eventType = eventId = timestamp = mistyped = null;
        unknownVersion = false;
        try (JsonParser parser = json.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return "not_a_json_object";
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                takeField(parser);
            }
            return parser.nextToken() == null ? judge() : "not_a_json_object";
        } catch (IOException e) {
            return "not_a_json_object";
        }
    }

    private void takeField(JsonParser parser) throws IOException {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (name) {
            case "user_id" -> userId = string(parser, value, name);
            case "product_id" -> productId = string(parser, value, name);
            case "event_type" -> eventType = string(parser, value, name);
            case "timestamp" -> timestamp = string(parser, value, name);
            case "event_id" -> eventId = value == JsonToken.VALUE_NULL ? null : string(parser, value, name);
            case "schema_version" -> unknownVersion = isUnknown(parser, value);
            default -> parser.skipChildren();
        }
    }

    private static boolean isUnknown(JsonParser parser, JsonToken version) throws IOException {
        if (version == JsonToken.VALUE_STRING) {
            return !parser.getText().startsWith(MAJOR);
        }
        parser.skipChildren();
        return version != JsonToken.VALUE_NULL;
    }

    private String string(JsonParser parser, JsonToken value, String name) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            return parser.getText();
        }
        mistyped = name;
        parser.skipChildren();
        return null;
    }

    private String judge() {
        if (unknownVersion) {
            return "unknown_schema_version";
        }
        if (mistyped != null) {
            return "invalid_" + mistyped;
        }
        if (!isId(userId)) {
            return "invalid_user_id";
        }
        if (!isId(productId)) {
            return "invalid_product_id";
        }
        if (!isType(eventType)) {
            return "invalid_event_type";
        }
        if (eventId != null && !isId(eventId)) {
            return "invalid_event_id";
        }
        return takeTime(timestamp) ? null : "invalid_timestamp";
    }

    /** 1 to 64 code points; a lone surrogate is not a character and has no UTF-8. */
    private static boolean isId(String id) {
        if (id == null || id.isEmpty()) {
            return false;
        }
        int characters = 0;
        for (int i = 0; i < id.length(); characters++) {
            int character = id.codePointAt(i);
            if (Character.getType(character) == Character.SURROGATE) {
                return false;
            }
            i += Character.charCount(character);
        }
        return characters <= MAX_ID;
    }

    private static boolean isType(String type) {
        if (type == null || type.isEmpty() || type.length() > MAX_TYPE || !isUpper(type.charAt(0))) {
            return false;
        }
        return type.chars().allMatch(c -> isUpper((char) c) || isDigit((char) c) || c == '_');
    }

    private static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Takes {@code YYYY-MM-DDThh:mm:ss[.1-9 digits]Z} and nothing else: no offset, no bare date, no 30 February. */
    private boolean takeTime(String text) {
        if (text == null || !hasShape(text)) {
            return false;
        }
        try {
            LocalDateTime second = LocalDateTime.of(
                    number(text, 0, 4), number(text, 5, 7), number(text, 8, 10),
                    number(text, 11, 13), number(text, 14, 16), number(text, 17, 19));
            time = second.toEpochSecond(ZoneOffset.UTC) * 1000 + milliseconds(text);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean hasShape(String text) {
        int end = text.length() - 1;
        if (end < 19 || end == 20 || end > 29 || text.charAt(end) != 'Z') {
            return false;
        }
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            boolean fits = switch (i) {
                case 4, 7 -> c == '-';
                case 10 -> c == 'T';
                case 13, 16 -> c == ':';
                case 19 -> c == '.';
                default -> isDigit(c);
            };
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    private static int number(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            value = value * 10 + text.charAt(i) - '0';
        }
        return value;
    }

    private static int milliseconds(String text) {
        int milliseconds = 0;
        for (int i = 20; i < 23; i++) {
            char c = i < text.length() ? text.charAt(i) : 'Z';
            milliseconds = milliseconds * 10 + (isDigit(c) ? c - '0' : 0);
        }
        return milliseconds;
    }
}
