"""What is wrong with a layer."""


class LayerError(Exception):
    """The layer is malformed, asks for what is not allowed, or is larger than it may be."""
