"""The shared kernel: what every service does alike. It knows no model and no business word."""
