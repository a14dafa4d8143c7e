package ecom.streaming;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;

/** Turns a record's value, whatever it is, into exactly one row. */
final class RawEventDeserializer implements DeserializationSchema<RowData> {

    private static final long serialVersionUID = 1L;

    private final TypeInformation<RowData> produced;
    private transient RawEventParser parser;

    RawEventDeserializer(TypeInformation<RowData> produced) {
        this.produced = produced;
    }

    @Override
    public void open(InitializationContext context) {
        parser = new RawEventParser();
    }

    @Override
    public RowData deserialize(byte[] body) {
        String invalid = parser.parse(body);
        return invalid == null ? event(body) : GenericRowData.of(body, StringData.fromString(invalid),
                null, null, null, null, null);
    }

    private RowData event(byte[] body) {
        return GenericRowData.of(
                body,
                null,
                StringData.fromString(parser.userId),
                StringData.fromString(parser.productId),
                StringData.fromString(parser.eventType),
                StringData.fromString(parser.eventId),
                TimestampData.fromEpochMillis(parser.time));
    }

    @Override
    public boolean isEndOfStream(RowData row) {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return produced;
    }
}
