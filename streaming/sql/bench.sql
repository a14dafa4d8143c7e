-- Shoppers' events as activity sends them, spread evenly over some minutes, of one product more than of others; only `streaming bench` reads this file.
CREATE TEMPORARY TABLE numbers (
  n BIGINT
) WITH (
  'connector' = 'datagen',
  'number-of-rows' = '$events',
  'rows-per-second' = '10000000',
  'fields.n.kind' = 'sequence',
  'fields.n.start' = '0',
  'fields.n.end' = '$last'
);

CREATE TEMPORARY TABLE bench_events (
  record_key STRING,
  body STRING,
  kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  headers MAP<STRING, BYTES> METADATA
) WITH (
  'connector' = 'kafka',
  'topic' = '$raw_topic',
  $kafka_properties
  $producer_properties
  'key.format' = 'raw',
  'key.fields' = 'record_key',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

CREATE TEMPORARY TABLE parsed_events (
  user_id STRING,
  product_id STRING,
  event_type STRING,
  event_id STRING,
  event_time TIMESTAMP_LTZ(3),
  is_bot BOOLEAN,
  is_verified BOOLEAN
) WITH (
  'connector' = 'blackhole'
);

CREATE TEMPORARY VIEW shoppers AS
SELECT
  CONCAT('U', CAST(RAND_INTEGER($shoppers) AS STRING)) AS user_id,
  CASE
    WHEN RAND_INTEGER(100) < $hot_percent THEN 'P0'
    ELSE CONCAT('P', CAST(CAST(POWER(RAND(), 2) * $products AS INT) AS STRING))
  END AS product_id,
  CASE RAND_INTEGER(10)
    WHEN 0 THEN 'ADD_TO_CART' WHEN 1 THEN 'ADD_TO_WISHLIST' WHEN 2 THEN 'PURCHASE' ELSE 'VIEW_PRODUCT'
  END AS event_type,
  UUID() AS event_id,
  TO_TIMESTAMP_LTZ($start_ms + n * $span_ms / $events, 3) AS moment
FROM numbers;

INSERT INTO bench_events
SELECT
  user_id,
  CONCAT(
    '{"event_id":"', event_id, '","schema_version":"1.1","user_id":"', user_id, '","product_id":"', product_id,
    '","event_type":"', event_type, '","timestamp":"', DATE_FORMAT(moment, '$rfc3339_ms'), '"}'
  ),
  moment,
  MAP[
    'ce_specversion', ENCODE('1.0', 'UTF-8'),
    'ce_id', ENCODE(event_id, 'UTF-8'),
    'ce_source', ENCODE('/activity', 'UTF-8'),
    'ce_type', ENCODE('ecom.raw-event.v1', 'UTF-8'),
    'ce_time', ENCODE(DATE_FORMAT(moment, '$rfc3339_ms'), 'UTF-8'),
    'ce_dataschema', ENCODE('/contracts/raw-event/1.1', 'UTF-8'),
    'traceparent', ENCODE('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'UTF-8'),
    'received_at', ENCODE(DATE_FORMAT(moment, '$rfc3339_ms'), 'UTF-8'),
    'trust', ENCODE(CASE RAND_INTEGER(3) WHEN 0 THEN 'anonymous' WHEN 1 THEN 'visitor' ELSE 'customer' END, 'UTF-8')
  ]
FROM shoppers;

INSERT INTO parsed_events
SELECT
  user_id,
  product_id,
  event_type,
  event_id,
  event_time,
  CAST(headers['bot'] AS STRING) = '1' IS TRUE,
  CAST(headers['trust'] AS STRING) IN ('customer', 'visitor') IS TRUE
FROM raw_events
