-- Each row of this topic is in DynamoDB already.
CREATE TEMPORARY TABLE product_analytics (
  record_key STRING,
  product_id STRING,
  window_start STRING,
  window_end STRING,
  unique_user_count BIGINT,
  verified_user_count BIGINT,
  event_count BIGINT,
  bot_event_count BIGINT,
  view_count BIGINT,
  cart_count BIGINT,
  wishlist_count BIGINT,
  purchase_count BIGINT,
  other_count BIGINT,
  run_id STRING,
  headers MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = '$analytics_topic',
  $kafka_properties
  'key.format' = 'raw',
  'key.fields' = 'record_key',
  'value.format' = 'json',
  'value.fields-include' = 'EXCEPT_KEY'
);

-- The rows of a window that concern all products are in DynamoDB once they get here; nobody else wants them.
CREATE TEMPORARY TABLE written_windows (
  run_id STRING
) WITH (
  'connector' = 'blackhole'
);

CREATE TEMPORARY TABLE dead_letters (
  record_key BYTES,
  body BYTES,
  headers MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = '$dead_letter_topic',
  $kafka_properties
  'key.format' = 'raw',
  'key.fields' = 'record_key',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

CREATE TEMPORARY TABLE late_events (
  record_key BYTES,
  body BYTES,
  headers MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = '$late_topic',
  $kafka_properties
  'key.format' = 'raw',
  'key.fields' = 'record_key',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
)
