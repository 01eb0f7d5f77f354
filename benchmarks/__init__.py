"""Measurements beside dockerd, in one run on one machine. They print what they find and assert nothing."""
