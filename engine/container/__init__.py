"""Containers: what they are, what happens to them, and what flows in and out of them."""
