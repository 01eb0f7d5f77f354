"""The kinds of things that a project can own."""

from enum import StrEnum


class Kind(StrEnum):
    """The values are the names of the parts of addresses that carry such a thing's name or ID."""

    CONTAINER = "container"
    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
