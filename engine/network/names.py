"""Who is called what: the names that a container can resolve."""

from collections.abc import Callable, Iterator

from engine.linux.inet import IPAddress
from engine.network.endpoint import Endpoint
from engine.network.endpoints import Endpoints


class Names:
    """Read from the endpoints as they are now. `has_names` tells of a network's ID whether names resolve on it."""

    def __init__(self, endpoints: Endpoints, has_names: Callable[[str], bool]) -> None:
        self._endpoints = endpoints
        self._has_names = has_names

    def addresses(self, asker: str, name: str) -> list[IPAddress]:
        """The addresses, of both families, of all that `name` (lower case) means to the container `asker`: its links
        first, then names, aliases and IDs on its networks, also as `name.network`. Empty where it means nobody."""
        for own in self._named_endpoints(asker):
            wanted = own.links.get(name, name).lower()
            suffix = f".{own.network_name.lower()}"
            names = {wanted, wanted.removesuffix(suffix)}
            meant = [each for each in self._neighbours(own) if not names.isdisjoint(each.names)]
            if meant:
                return [address.ip for each in meant for address in each.addresses]
        return []

    def name_of(self, asker: str, address: IPAddress) -> str | None:
        """`name.network` of the neighbour at `address`; None where `asker` has none there."""
        for own in self._named_endpoints(asker):
            for each in self._neighbours(own):
                if any(held.ip == address for held in each.addresses):
                    return f"{each.name}.{each.network_name}"
        return None

    def leads_outside(self, asker: str) -> frozenset[int]:
        """The families (4, 6) by which the container has a way out of its networks: none for one on internal networks
        alone."""
        held = self._endpoints.of(asker)
        return frozenset(gateway.version for endpoint in held for gateway in endpoint.gateways)

    def _named_endpoints(self, asker: str) -> Iterator[Endpoint]:
        return (endpoint for endpoint in self._endpoints.of(asker) if self._has_names(endpoint.network_id))

    def _neighbours(self, own: Endpoint) -> list[Endpoint]:
        return self._endpoints.on(own.network_id)
