"""Events per second of the Flink job from a full topic; the job's own benchmark runs in its own environment."""
