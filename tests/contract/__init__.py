"""The same cases on this engine and, where the host has one, on dockerd: what they say is true of both."""
