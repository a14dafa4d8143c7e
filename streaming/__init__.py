"""The Flink job: shoppers' events from Kafka become exact per-minute counts in DynamoDB and Kafka."""
