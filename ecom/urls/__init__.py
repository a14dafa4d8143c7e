"""What each Deployment answers: one URLconf a service, chosen by its row in `ecom/services.py`."""
