"""Who is called what: the names that a container can resolve."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address

from engine.network.endpoints import Endpoints
from engine.network.records import Endpoint


class Names:
    """Read from the endpoints as they are now. `has_names` tells of a network's ID whether names resolve on it."""

    def __init__(self, endpoints: Endpoints, has_names: Callable[[str], bool]) -> None:
        self._endpoints = endpoints
        self._has_names = has_names

    def addresses(self, asker: str, name: str) -> list[IPv4Address]:
        """The addresses of all that `name` (lower case) means to the container `asker`: its links first, then names,
        aliases and IDs on its networks, also as `name.network`. Empty where it means nobody."""
        for own in self._named_endpoints(asker):
            wanted = own.links.get(name, name).lower()
            suffix = f".{own.network_name.lower()}"
            names = {wanted, wanted.removesuffix(suffix)}
            found = [
                each.address.ip for each in self._neighbours(own) if each.address and not names.isdisjoint(each.names)
            ]
            if found:
                return found
        return []

    def name_of(self, asker: str, address: IPv4Address) -> str | None:
        """`name.network` of the neighbour at `address`; None where `asker` has none there."""
        for own in self._named_endpoints(asker):
            for each in self._neighbours(own):
                if each.address is not None and each.address.ip == address:
                    return f"{each.name}.{each.network_name}"
        return None

    def leads_outside(self, asker: str) -> bool:
        """Has the container a way out of its networks? One on internal networks alone has not."""
        return any(endpoint.is_gateway for endpoint in self._endpoints.of(asker))

    def _named_endpoints(self, asker: str) -> Iterator[Endpoint]:
        return (endpoint for endpoint in self._endpoints.of(asker) if self._has_names(endpoint.network_id))

    def _neighbours(self, own: Endpoint) -> list[Endpoint]:
        return self._endpoints.on(own.network_id)
