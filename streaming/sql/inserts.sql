INSERT INTO product_analytics
SELECT
  product_id,
  product_id,
  window_start,
  window_end,
  unique_user_count,
  verified_user_count,
  event_count,
  bot_event_count,
  view_count,
  cart_count,
  wishlist_count,
  purchase_count,
  other_count,
  write_product_window(
    product_id, window_start, window_end, unique_user_count, verified_user_count, event_count, bot_event_count,
    view_count, cart_count, wishlist_count, purchase_count, other_count
  ),
  MAP[
    'ce_specversion', ENCODE('1.0', 'UTF-8'),
    'ce_id', ENCODE(CONCAT(product_id, '/', window_start), 'UTF-8'),
    'ce_source', ENCODE('/analytics', 'UTF-8'),
    'ce_type', ENCODE('ecom.product-analytics.v1', 'UTF-8'),
    'ce_time', ENCODE(window_end, 'UTF-8'),
    'ce_dataschema', ENCODE('/contracts/product-analytics/1.0', 'UTF-8')
  ]
FROM (
  SELECT
    product_id,
    DATE_FORMAT(window_start, '$rfc3339') AS window_start,
    DATE_FORMAT(window_end, '$rfc3339') AS window_end,
    unique_user_count,
    verified_user_count,
    event_count,
    bot_event_count,
    view_count,
    cart_count,
    wishlist_count,
    purchase_count,
    other_count
  FROM product_windows
);

INSERT INTO written_windows
SELECT
  write_window(
    granularity, DATE_FORMAT(window_start, '$rfc3339'), DATE_FORMAT(window_end, '$rfc3339'),
    products, event_count, product_count
  )
FROM window_rows;

INSERT INTO dead_letters
SELECT
  record_key,
  body,
  MAP_UNION(
    headers,
    MAP[
      'reason', ENCODE(refusal, 'UTF-8'),
      'source_partition', ENCODE(CAST(kafka_partition AS STRING), 'UTF-8'),
      'source_offset', ENCODE(CAST(kafka_offset AS STRING), 'UTF-8'),
      'source_timestamp', ENCODE(DATE_FORMAT(kafka_time, '$rfc3339_ms'), 'UTF-8')
    ]
  )
FROM records
WHERE refusal IS NOT NULL AND (control IN ('heartbeat', 'end')) IS NOT TRUE;

INSERT INTO late_events
SELECT
  record_key,
  body,
  MAP_UNION(
    headers,
    MAP[
      'source_partition', ENCODE(CAST(kafka_partition AS STRING), 'UTF-8'),
      'source_offset', ENCODE(CAST(kafka_offset AS STRING), 'UTF-8'),
      'source_timestamp', ENCODE(DATE_FORMAT(kafka_time, '$rfc3339_ms'), 'UTF-8')
    ]
  )
FROM records
WHERE is_late AND refusal IS NULL
