package ecom.streaming;

import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.types.DataType;

/**
 * The SQL format {@code raw-event}: parses a record's value once, for the watermark and every branch of the job.
 *
 * <p>Columns: the untouched bytes, the reason why they are no event (null for an event), and the event's fields.
 */
public final class RawEventFormatFactory implements DeserializationFormatFactory {

    static final DataType COLUMNS = DataTypes.ROW(
            DataTypes.FIELD("body", DataTypes.BYTES()),
            DataTypes.FIELD("invalid", DataTypes.STRING()),
            DataTypes.FIELD("user_id", DataTypes.STRING()),
            DataTypes.FIELD("product_id", DataTypes.STRING()),
            DataTypes.FIELD("event_type", DataTypes.STRING()),
            DataTypes.FIELD("event_id", DataTypes.STRING()),
            DataTypes.FIELD("event_time", DataTypes.TIMESTAMP_LTZ(3)));

    @Override
    public String factoryIdentifier() {
        return "raw-event";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of();
    }

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
            DynamicTableFactory.Context context, ReadableConfig options) {
        return new RawEventDecodingFormat();
    }

    private static final class RawEventDecodingFormat
            implements DecodingFormat<DeserializationSchema<RowData>> {

        @Override
        public DeserializationSchema<RowData> createRuntimeDecoder(
                DynamicTableSource.Context context, DataType declared) {
            if (!declared.getLogicalType().copy(true).equals(COLUMNS.getLogicalType())) {
                throw new ValidationException("The format 'raw-event' has the columns " + COLUMNS + ", not " + declared);
            }
            return new RawEventDeserializer(context.createTypeInformation(declared));
        }

        @Override
        public ChangelogMode getChangelogMode() {
            return ChangelogMode.insertOnly();
        }
    }
}
