"""An online shop as one Django project: each bounded context is a service of its own (see `ecom/services.py`)."""
