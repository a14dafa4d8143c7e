"""The embedded stack behind `make run`: real servers on loopback ports, with their state under .local/."""
