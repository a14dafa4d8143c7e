"""Benchmarks of the running platform. Each writes what it measured to `bench/results/`."""
