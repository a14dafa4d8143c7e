-- A record is exactly one of: control record, dead letter, late event, event in time. Which one depends on the record
-- alone, so that restarts and recounts agree. event_time is null unless the value is an event. `refusal` is why a record
-- cannot be counted: of another major than this job's, no event, or too far ahead of Kafka's time.
CREATE TEMPORARY VIEW records AS
SELECT
  *,
  CASE WHEN body IS NULL THEN CAST(headers['control'] AS STRING) END AS control,
  CASE
    WHEN CAST(headers['ce_type'] AS STRING) <> 'ecom.raw-event.v1' THEN 'unknown_schema_version'
    WHEN invalid IS NOT NULL THEN invalid
    WHEN event_time > kafka_time + $ahead THEN 'timestamp_ahead'
  END AS refusal,
  $is_late AS is_late,
  CAST(headers['bot'] AS STRING) = '1' IS TRUE AS is_bot,
  CAST(headers['trust'] AS STRING) IN ('customer', 'visitor') IS TRUE AS is_verified
FROM raw_events;

-- Heartbeats are counted under no product: they make a quiet minute's window, and nothing else.
CREATE TEMPORARY VIEW counted_records AS
SELECT
  product_id,
  user_id,
  event_type,
  COALESCE(event_id, CONCAT(CAST(kafka_partition AS STRING), '/', CAST(kafka_offset AS STRING))) AS event_id,
  is_bot,
  is_verified,
  rt
FROM records
WHERE (refusal IS NULL AND NOT is_late OR control = 'heartbeat') AND rt >= TO_TIMESTAMP_LTZ($first_window_ms, 3) $before_end;

-- All numbers of a window by one aggregate of our own (java/), exactly as nine COUNTs with DISTINCT and FILTER would have
-- them, at a fraction of the cost (docs/adr/0016). Another meaning or form of its state needs another name.
CREATE TEMPORARY FUNCTION count_events AS 'ecom.streaming.CountEvents' LANGUAGE JAVA;

-- The one aggregation. event_count counts records (accepted = counted + late + dead letters); the counts by type are
-- distinct over event_id, as an event may be delivered twice; shoppers are distinct by nature. Bots are apart.
CREATE TEMPORARY VIEW all_windows AS
SELECT
  product_id,
  window_start,
  window_end,
  counts.unique_user_count AS unique_user_count,
  counts.verified_user_count AS verified_user_count,
  counts.event_count AS event_count,
  counts.bot_event_count AS bot_event_count,
  counts.view_count AS view_count,
  counts.cart_count AS cart_count,
  counts.wishlist_count AS wishlist_count,
  counts.purchase_count AS purchase_count,
  counts.other_count AS other_count
FROM (
  SELECT
    product_id,
    window_start,
    window_end,
    count_events(user_id, event_id, event_type, is_bot, is_verified) AS counts
  FROM TABLE(TUMBLE(TABLE counted_records, DESCRIPTOR(rt), INTERVAL '1' MINUTE))
  GROUP BY product_id, window_start, window_end
);

-- By event_count and not by product_id: a filter on the key would be pushed below, and make a second aggregation.
CREATE TEMPORARY VIEW product_windows AS
SELECT * FROM all_windows WHERE event_count > 0;

CREATE TEMPORARY VIEW top_products AS
SELECT *
FROM (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY window_start, window_end ORDER BY unique_user_count DESC, product_id
    ) AS position_in_window
  FROM product_windows
  WHERE unique_user_count > 0
)
WHERE position_in_window <= 100;

-- The rows of ecom-trending-products: the top 100 of a minute, and its status, which a quiet minute has too.
CREATE TEMPORARY VIEW window_rows AS
SELECT
  '1m' AS granularity,
  window_start,
  window_end,
  LISTAGG(JSON_OBJECT(
    KEY 'product_id' VALUE product_id,
    KEY 'unique_user_count' VALUE unique_user_count,
    KEY 'verified_user_count' VALUE verified_user_count,
    KEY 'event_count' VALUE event_count,
    KEY 'view_count' VALUE view_count,
    KEY 'cart_count' VALUE cart_count,
    KEY 'wishlist_count' VALUE wishlist_count,
    KEY 'purchase_count' VALUE purchase_count,
    KEY 'other_count' VALUE other_count
  )) AS products,
  SUM(event_count) AS event_count,
  COUNT(product_id) AS product_count
FROM top_products
GROUP BY window_start, window_end
UNION ALL
SELECT
  'status' AS granularity,
  window_start,
  window_end,
  CAST(NULL AS STRING) AS products,
  SUM(event_count) AS event_count,
  COUNT(product_id) AS product_count
FROM all_windows
GROUP BY window_start, window_end
