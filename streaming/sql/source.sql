-- One row per Kafka record, whatever it holds. The format `raw-event` (java/) parses the value once and says why it
-- is no event; it never fails, as a failure here would restart the job for ever.
CREATE TEMPORARY TABLE raw_events (
  record_key BYTES,
  body BYTES,
  invalid STRING,
  user_id STRING,
  product_id STRING,
  event_type STRING,
  event_id STRING,
  event_time TIMESTAMP_LTZ(3),
  kafka_time TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
  kafka_partition INT NOT NULL METADATA FROM 'partition' VIRTUAL,
  kafka_offset BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL,
  headers MAP<STRING, BYTES> NOT NULL METADATA FROM 'headers' VIRTUAL,
  rt AS $row_time,
  WATERMARK FOR rt AS $watermark
) WITH (
  'connector' = 'kafka',
  'topic' = '$raw_topic',
  $kafka_properties
  'properties.group.id' = '$group_id',
  'scan.startup.mode' = '$startup_mode',
  $startup_timestamp
  $bounds
  'scan.parallelism' = '$source_parallelism',
  'scan.watermark.emit.strategy' = 'on-event',
  'key.format' = 'raw',
  'key.fields' = 'record_key',
  'value.format' = 'raw-event',
  'value.fields-include' = 'EXCEPT_KEY'
)
