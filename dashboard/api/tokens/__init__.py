"""Tokens: what they look like, how one is made, found and taken away."""
