"""The bounded contexts. They are independent of each other: they meet over REST or Kafka."""
