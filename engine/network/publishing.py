"""Containers' published ports: held on the host, and relayed where the packet filter can't send them on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from engine.errors import EngineError
from engine.ids import short_id
from engine.linux.inet import IPAddress
from engine.network.endpoint import Endpoint
from engine.network.endpoints import Endpoints
from engine.network.ports import PortRequest
from engine.network.relay import Relays
from engine.network.reservations import PortReservations
from engine.networkdriver.driver import PublishedPort

Ports = tuple[PublishedPort, ...]


class Publishing:
    """Who has which ports is told by the endpoints: each family's are published where its default route goes.

    `publishes` tells of a network's ID whether its driver publishes ports.
    """

    def __init__(self, endpoints: Endpoints, publishes: Callable[[str], bool]) -> None:
        self._endpoints = endpoints
        self._publishes = publishes
        self._held = PortReservations()
        self._relays = Relays()

    def settle(self, container_id: str, requests: Sequence[PortRequest], *, default_address: str) -> list[Endpoint]:
        """Publish the container's ports where its default routes go now; returns the endpoints that changed.

        What it `requests` is held at the first time; with `default_address` of the host where a request names none.
        Raises Conflict in Docker's words where a port is taken.
        """
        able = [each for each in self._endpoints.of(container_id) if self._publishes(each.network_id)]
        ways = {
            4: next((each for each in able if each.is_gateway), None),
            6: next((each for each in able if each.is_gateway6), None),
        }
        held = self._held.ports(container_id)
        if requests and not held and (gateway := ways[4]) is not None:
            bound = [replace(request, host_ip=request.host_ip or default_address) for request in requests]
            held = self._hold(gateway, bound, has_ipv6=ways[6] is not None)
        return [*self._assign(container_id, held, ways)]

    def _hold(self, endpoint: Endpoint, requests: Sequence[PortRequest], *, has_ipv6: bool) -> Ports:
        try:
            return self._held.reserve(endpoint.container_id, requests, has_ipv6=has_ipv6)
        except EngineError as error:
            label = f"{endpoint.name or short_id(endpoint.container_id)} ({endpoint.endpoint_id})"
            error.args = (f"driver failed programming external connectivity on endpoint {label}: {error.message}",)
            error.message = error.args[0]
            raise

    def _assign(self, container_id: str, held: Ports, ways: Mapping[int, Endpoint | None]) -> Iterator[Endpoint]:
        for endpoint in self._endpoints.of(container_id):
            ports = tuple(port for port in held if ways[port.version] is endpoint)
            if ports != endpoint.ports:
                changed = replace(endpoint, ports=ports)
                self._endpoints.hold(changed)
                yield changed

    def readopt(self, endpoint: Endpoint) -> None:
        """Hold again what a container that outlived the engine has published."""
        if endpoint.ports:
            self._held.readopt(endpoint.container_id, endpoint.ports)

    async def relay(self, container_id: str) -> None:
        """Pass on what the packet filter can't send to the container, by its endpoint as it is then; idempotent."""
        ports = [port for endpoint in self._endpoints.of(container_id) for port in endpoint.ports]
        held = [(port, self._held.socket_of(container_id, port)) for port in ports]
        await self._relays.open(container_id, held, lambda: self._address(container_id))

    async def quiet(self, container_id: str) -> None:
        """Pass on nothing more; the ports are still held."""
        await self._relays.close(container_id)

    def free(self, container_id: str) -> None:
        """Let go of all that the container holds; nothing is no error."""
        self._held.free(container_id)

    async def shutdown(self) -> None:
        await self._relays.shutdown()
        self._held.close()

    def _address(self, container_id: str) -> IPAddress | None:
        gateways = (each for each in self._endpoints.of(container_id) if each.is_gateway6)
        return next((each.address6.ip for each in gateways if each.address6 is not None), None)
