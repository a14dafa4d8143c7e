"""Functions that run without the platform's code: each brings its own requirements and imports nothing of `ecom`."""
