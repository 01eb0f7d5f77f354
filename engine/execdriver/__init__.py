"""Execution drivers: an OCI runtime under a supervisor that outlives the engine."""
