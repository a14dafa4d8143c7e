"""Tests of the job against real Kafka, DynamoDB Local and Flink."""
