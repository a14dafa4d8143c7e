"""What crosses a process boundary: event data classes and their JSON Schema files, one per released version."""
