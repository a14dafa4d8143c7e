"""Faults that tests plant into the product's own processes."""
