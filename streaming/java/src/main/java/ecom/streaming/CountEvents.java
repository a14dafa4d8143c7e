package ecom.streaming;

import static ecom.streaming.WindowCounts.CARTS;
import static ecom.streaming.WindowCounts.OTHERS;
import static ecom.streaming.WindowCounts.PURCHASES;
import static ecom.streaming.WindowCounts.USERS;
import static ecom.streaming.WindowCounts.VERIFIED_USERS;
import static ecom.streaming.WindowCounts.VIEWS;
import static ecom.streaming.WindowCounts.WISHLISTS;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.AggregateFunction;

/**
 * The SQL aggregate {@code count_events}: all numbers of a window at once, exactly. Rows without a user count nothing.
 *
 * <p>The same as nine {@code COUNT}s with {@code DISTINCT} and {@code FILTER}, whose sets are entries of Flink's state,
 * one for each string, and cost several times as much.
 */
@FunctionHint(
        accumulator = @DataTypeHint(
                value = "RAW", bridgedTo = WindowCounts.class, rawSerializer = WindowCountsSerializer.class),
        output = @DataTypeHint(
                value = "ROW<unique_user_count BIGINT, verified_user_count BIGINT, event_count BIGINT,"
                        + " bot_event_count BIGINT, view_count BIGINT, cart_count BIGINT, wishlist_count BIGINT,"
                        + " purchase_count BIGINT, other_count BIGINT>",
                bridgedTo = RowData.class))
public final class CountEvents extends AggregateFunction<RowData, WindowCounts> {

    private static final long serialVersionUID = 1L;
    private static final StringData VIEW = StringData.fromString("VIEW_PRODUCT");
    private static final StringData CART = StringData.fromString("ADD_TO_CART");
    private static final StringData WISHLIST = StringData.fromString("ADD_TO_WISHLIST");
    private static final StringData PURCHASE = StringData.fromString("PURCHASE");

    @Override
    public WindowCounts createAccumulator() {
        return new WindowCounts();
    }

    public void accumulate(
            WindowCounts counts,
            @DataTypeHint(value = "STRING", bridgedTo = StringData.class) StringData userId,
            @DataTypeHint(value = "STRING", bridgedTo = StringData.class) StringData eventId,
            @DataTypeHint(value = "STRING", bridgedTo = StringData.class) StringData eventType,
            @DataTypeHint("BOOLEAN") Boolean isBot,
            @DataTypeHint("BOOLEAN") Boolean isVerified) {
        if (userId == null) {
            return;
        }
        if (isBot) {
            counts.countBotEvent();
            return;
        }
        counts.countEvent();
        byte[] user = userId.toBytes();
        counts.see(USERS, user);
        if (isVerified) {
            counts.see(VERIFIED_USERS, user);
        }
        counts.see(kind(eventType), eventId.toBytes());
    }

    public void merge(WindowCounts counts, Iterable<WindowCounts> others) {
        others.forEach(counts::merge);
    }

    @Override
    public RowData getValue(WindowCounts counts) {
        return GenericRowData.of(
                counts.distinct(USERS),
                counts.distinct(VERIFIED_USERS),
                counts.events(),
                counts.botEvents(),
                counts.distinct(VIEWS),
                counts.distinct(CARTS),
                counts.distinct(WISHLISTS),
                counts.distinct(PURCHASES),
                counts.distinct(OTHERS));
    }

    private static int kind(StringData eventType) {
        if (VIEW.equals(eventType)) {
            return VIEWS;
        }
        if (CART.equals(eventType)) {
            return CARTS;
        }
        if (WISHLIST.equals(eventType)) {
            return WISHLISTS;
        }
        return PURCHASE.equals(eventType) ? PURCHASES : OTHERS;
    }
}
