"""What activity's commands call: one module for each callee."""
