"""Containers by the name or ID in an address."""

from dashboard.hosts.reference import NameConverter


class ContainerConverter(NameConverter):
    """`<container:id>` in an address."""
