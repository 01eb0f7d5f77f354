"""Portside's engine: a container daemon that speaks the Docker Engine API and nothing else."""

__version__ = "0.1.0"
