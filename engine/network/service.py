"""Networks: which there are, who is on them, and the life of an endpoint.

    allocate      the record stands: address and host ports are the container's, nothing is in the kernel's network yet
    open_sandbox  the container's network namespace stands
    attach        interface, routes and rules stand: the container may start
    release       all of it is gone

An endpoint's record is written before the first thing is made for it and deleted after the last is gone, so whatever a
killed engine leaves can be told from what is in use (`restore`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import structlog

from engine.config import Config
from engine.errors import Conflict, EngineError, InvalidParameter, NotFound
from engine.events import EventBus
from engine.ids import random_id, short_id
from engine.linux.netns import Sandboxes
from engine.network.ipam import AddressPool, choose_subnet, only_chooser
from engine.network.ports import PortRequest
from engine.network.records import (
    PREDEFINED,
    Endpoint,
    EndpointRecord,
    Network,
    NetworkRecord,
    make_plan,
)
from engine.network.reservations import PortReservations
from engine.networkdriver.driver import NetworkDriver, mac_of
from engine.store import Database, Records

log = structlog.get_logger(__name__)


class Networks:
    """All networks of this engine. `restore` comes first, once; nothing else may be asked before it has returned.

    `name_of` tells the name of a container by its ID, for `inspect`; the daemon sets it.
    """

    def __init__(
        self, config: Config, database: Database, events: EventBus, drivers: Mapping[str, NetworkDriver]
    ) -> None:
        self._config = config
        self._events = events
        self._drivers = drivers
        self._records = Records(database, "network", NetworkRecord)
        self._endpoint_records = Records(database, "endpoint", EndpointRecord)
        self._networks: dict[str, Network] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._pools: dict[str, AddressPool] = {}
        self._ports = PortReservations()
        self._sandboxes = Sandboxes(config.run / "netns")
        self.name_of: Callable[[str], str] = short_id

    def resolve(self, mode: str) -> Network:
        """The network that a NetworkMode means: `default`, a name, an ID or a unique beginning of one.

        Raises NotFound in Docker's words, and InvalidParameter where the beginning fits several.
        """
        wanted = "bridge" if mode in {"", "default"} else mode
        for network in self._networks.values():
            if wanted in {network.id, network.name}:
                return network
        matches = [network for network in self._networks.values() if network.id.startswith(wanted)]
        if len(matches) > 1:
            raise InvalidParameter(f"network {wanted} is ambiguous ({len(matches)} matches found on ID prefix)")
        if not matches:
            raise NotFound(f"network {mode} not found")
        return matches[0]

    def all(self) -> list[Network]:
        """Every network, the oldest first."""
        return sorted(self._networks.values(), key=lambda network: network.created)

    def endpoint(self, container_id: str) -> Endpoint | None:
        """The endpoint that a container holds now."""
        return self._endpoints.get(container_id)

    def endpoints(self, network: Network) -> list[Endpoint]:
        return [endpoint for endpoint in self._endpoints.values() if endpoint.network_id == network.id]

    async def allocate(
        self,
        container_id: str,
        network: Network,
        *,
        ports: Sequence[PortRequest] = (),
        mac: str | None = None,
        address: IPv4Address | None = None,
        name: str = "",
    ) -> Endpoint:
        """Give the container an address on `network` and hold its host ports; the kernel's network is not touched.

        `name` is the container's, for messages. Ports and addresses mean nothing on host and none, and are ignored
        there as in Docker. Raises Conflict in Docker's words where a port or the address is taken.
        """
        if container_id in self._endpoints:
            raise Conflict(f"endpoint for container {short_id(container_id)} already exists in network {network.name}")
        endpoint = Endpoint(container_id, name.lstrip("/"), network.id, network.name, random_id())
        if network.plan is not None:
            endpoint = self._with_address(endpoint, network, address, mac)
            endpoint = self._with_ports(endpoint, ports)
        self._endpoints[container_id] = endpoint
        try:
            await self._endpoint_records.put(endpoint.endpoint_id, endpoint.to_record())
        except BaseException:
            self._forget(endpoint)
            raise
        return endpoint

    async def open_sandbox(self, container_id: str) -> Path:
        """Make the container's network namespace, with its loopback up; its path outlives the engine."""
        path = await self._sandboxes.create(container_id)
        if (endpoint := self._endpoints.get(container_id)) is not None:
            self._endpoints[container_id] = replace(endpoint, sandbox=path)
        return path

    async def attach(self, endpoint: Endpoint) -> None:
        """Make interface, routes and rules stand. The container's sandbox must be open, host mode excepted."""
        network = self._networks[endpoint.network_id]
        if network.plan is not None:
            sandbox = self._sandboxes.path(endpoint.container_id)
            await self._drivers[network.driver].attach(network.plan, endpoint.link, sandbox)
        self._announce("connect", network, endpoint.container_id)

    async def release(self, container_id: str) -> None:
        """Undo all of the above. Idempotent; goes on past what fails and raises one ExceptionGroup."""
        endpoint = self._endpoints.get(container_id)
        failures: list[Exception] = []
        if endpoint is not None:
            failures += await self._disconnect(endpoint)
        try:
            await self._sandboxes.remove(container_id)
        except OSError as error:
            failures.append(error)
        if endpoint is not None:
            self._forget(endpoint)
            await self._endpoint_records.delete(endpoint.endpoint_id)
        if failures:
            raise ExceptionGroup(f"failed to release the network of container {short_id(container_id)}", failures)

    async def restore(self, live: Collection[str]) -> None:
        """Adopt the endpoints of the containers in `live` (IDs); sweep all else that this instance ever made."""
        self._networks = {key: Network.from_record(record) for key, record in self._records.load().items()}
        for name, driver in PREDEFINED.items():
            if not any(network.name == name for network in self._networks.values()):
                await self._save(Network(random_id(), name, driver))
        await self._adopt_endpoints(frozenset(live))
        await self._sandboxes.sweep(keep=frozenset(live))
        for network in tuple(self._networks.values()):
            if network.driver in self._drivers:
                await self._open(network)

    async def shutdown(self) -> None:
        """End this engine's part: with no containers left nothing stays in the kernel; else what they need does."""
        async with AsyncExitStack() as undo:  # goes on past what fails
            undo.callback(self._ports.close)
            for driver in self._drivers.values():
                undo.push_async_callback(driver.stop)
            if not self._endpoints:
                undo.callback(self._sandboxes.close)
                for network in self._networks.values():
                    if network.plan is not None:
                        undo.push_async_callback(self._drivers[network.driver].close, network.plan)

    def _with_address(
        self, endpoint: Endpoint, network: Network, address: IPv4Address | None, mac: str | None
    ) -> Endpoint:
        given = self._pools[network.id].allocate(address)
        plan = network.plan
        return replace(endpoint, address=given, gateway=plan.gateway if plan else None, mac=mac or mac_of(given.ip))

    def _with_ports(self, endpoint: Endpoint, ports: Sequence[PortRequest]) -> Endpoint:
        try:
            return replace(endpoint, ports=self._ports.reserve(endpoint.container_id, ports))
        except EngineError as error:
            self._forget(endpoint)
            label = f"{endpoint.name or short_id(endpoint.container_id)} ({endpoint.endpoint_id})"
            error.args = (f"driver failed programming external connectivity on endpoint {label}: {error.message}",)
            error.message = error.args[0]
            raise

    async def _disconnect(self, endpoint: Endpoint) -> list[Exception]:
        network = self._networks[endpoint.network_id]
        self._announce("disconnect", network, endpoint.container_id)
        if network.plan is None:
            return []
        try:
            await self._drivers[network.driver].detach(network.plan, endpoint.link)
        except EngineError as error:
            return [error]
        return []

    def _forget(self, endpoint: Endpoint) -> None:
        self._ports.free(endpoint.container_id)
        if endpoint.address is not None:
            self._pools[endpoint.network_id].release(endpoint.address.ip)
        self._endpoints.pop(endpoint.container_id, None)

    async def _adopt_endpoints(self, live: frozenset[str]) -> None:
        self._pools = {key: AddressPool(n.plan.subnet, n.plan.gateway) for key, n in self._networks.items() if n.plan}
        dead = []
        for key, record in self._endpoint_records.load().items():
            network = self._networks.get(record.network_id)
            if record.container_id not in live or network is None:
                dead.append(key)
                continue
            self._adopt(Endpoint.from_record(record, network, self._sandboxes.path(record.container_id)))
        await self._endpoint_records.delete(*dead)

    def _adopt(self, endpoint: Endpoint) -> None:
        if endpoint.address is not None:
            self._pools[endpoint.network_id].allocate(endpoint.address.ip)
        self._ports.readopt(endpoint.container_id, endpoint.ports)
        self._endpoints[endpoint.container_id] = endpoint

    async def _open(self, network: Network) -> None:
        driver = self._drivers[network.driver]
        if network.plan is not None:
            await driver.open(network.plan, [endpoint.link for endpoint in self.endpoints(network)])
            return
        async with only_chooser():
            plan = make_plan(network.id, self._config.bridge, await self._choose_subnet(driver))
            await self._save(replace(network, plan=plan))  # on disk before the kernel hears of it
            self._pools[network.id] = AddressPool(plan.subnet, plan.gateway)
            await driver.open(plan, ())

    async def _choose_subnet(self, driver: NetworkDriver) -> IPv4Network:
        return choose_subnet(self._config.address_pools, await driver.taken_networks())

    async def _save(self, network: Network) -> None:
        await self._records.put(network.id, network.to_record())
        self._networks[network.id] = network

    def _announce(self, action: str, network: Network, container_id: str) -> None:
        attributes = {"container": container_id, "name": network.name, "type": network.driver}
        self._events.publish("network", action, network.id, attributes)
