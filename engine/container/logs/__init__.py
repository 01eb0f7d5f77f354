"""A container's log: written by its monitor, bounded by rotation, read back as Docker's clients want it."""

from engine.container.logs.entry import Entry, docker_time, nanoseconds, parse
from engine.container.logs.reader import LogOptions, read

__all__ = ["Entry", "LogOptions", "docker_time", "nanoseconds", "parse", "read"]
