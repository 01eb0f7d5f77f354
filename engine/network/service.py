"""Networks: which there are, who is on them, and the life of an endpoint.

    allocate      the record stands: address and host ports are the container's, nothing is in the kernel's network yet
    open_sandbox  the container's network namespace stands
    attach        interfaces, routes, rules and names of all its endpoints stand: the container may start
    connect       all of these at once, for one more network of a container that runs
    disconnect    the contrary
    release       all of it is gone

An endpoint's record is written before the first thing is made for it and deleted after the last is gone, so whatever a
killed engine leaves can be told from what is in use (`restore`). A network's is written before its bridge is made.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import structlog

from engine.config import Config
from engine.errors import Conflict, EngineError, Forbidden, InvalidParameter, NotFound
from engine.events import EventBus
from engine.ids import random_id, short_id
from engine.linux.netns import Sandboxes
from engine.network.creation import NetworkRequest, check, make_network
from engine.network.endpoints import Endpoints, Wishes
from engine.network.filters import prunable
from engine.network.ipam import AddressPool, choose_subnet, only_chooser
from engine.network.names import Names
from engine.network.ports import PortRequest
from engine.network.records import PREDEFINED, Endpoint, EndpointRecord, Network, NetworkRecord, make_plan, next_hop
from engine.network.reservations import PortReservations
from engine.network.resolver import Resolvers
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
        self._endpoints = Endpoints(self._endpoint_records)
        self._pools: dict[str, AddressPool] = {}
        self._closed: set[str] = set()
        self._ports = PortReservations()
        self._sandboxes = Sandboxes(config.run / "netns")
        self._resolvers = Resolvers(Names(self._endpoints, lambda key: self._networks[key].has_names))
        self._creating = asyncio.Lock()  # a subnet is chosen, and taken, by one at a time
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
        """The endpoint of the container's default route, any other where it has none; None without endpoints."""
        return next(iter(self._endpoints.of(container_id)), None)

    def endpoints_of(self, container_id: str) -> list[Endpoint]:
        """All endpoints that a container holds now, that of its default route first."""
        return self._endpoints.of(container_id)

    def endpoints(self, network: Network) -> list[Endpoint]:
        return self._endpoints.on(network.id)

    async def create(self, request: NetworkRequest) -> Network:
        """Make a network. Raises what `creation.check` raises, Conflict for a name or a bridge in use, Forbidden for a
        subnet that overlaps another network's, Unavailable when no pool is free."""
        addressing = check(request)
        async with self._creating:
            if any(network.name == request.name for network in self._networks.values()):
                raise Conflict(f"network with name {request.name} already exists")
            driver = self._drivers[request.driver]
            async with only_chooser():
                subnet = addressing.subnet or await self._choose_subnet(driver)
                self._check_overlap(subnet)
                network = make_network(request, addressing, subnet)
                await self._make(network, driver)
        self._announce("create", network)
        return network

    async def remove(self, network: Network) -> None:
        """Raises Forbidden for a network that comes with the engine, and for one with containers on it."""
        if network.is_predefined:
            raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        if self.endpoints(network):
            raise Forbidden(
                f"error while removing network: network {network.name} id {network.id} has active endpoints"
            )
        if self._networks.pop(network.id, None) is None:
            raise NotFound(f"network {network.id} not found")  # somebody else was faster
        try:
            await self._unmake(network)
        except BaseException:
            self._networks[network.id] = network  # it can be removed again
            raise
        self._announce("destroy", network)

    async def prune(self, filters: Mapping[str, Sequence[str]]) -> list[str]:
        """Remove every network that somebody made, that has no containers and that passes; returns their names."""
        in_use = {endpoint.network_id for endpoint in self._endpoints.all()}
        removed = []
        for network in prunable(self.all(), filters, in_use):
            with suppress(Forbidden, NotFound):  # taken into use, or removed, meanwhile
                await self.remove(network)
                removed.append(network.name)
        self._events.publish("network", "prune", "", {"reclaimed": "0"})
        return removed

    async def allocate(
        self,
        container_id: str,
        network: Network,
        *,
        ports: Sequence[PortRequest] = (),
        wishes: Wishes = Wishes(),  # noqa: B008  # frozen
        name: str = "",
    ) -> Endpoint:
        """Give the container an address on `network`, and hold its host ports; the kernel's network is not touched.

        `name` is the container's, for messages. Of a container on several networks one endpoint has the default route,
        and the ports: they are given with each, and held once. Ports and addresses mean nothing on host and none, and
        are ignored there as in Docker. Raises Conflict in Docker's words where a port or the address is taken.
        """
        self._check_free(container_id, network)
        if network.id in self._closed:
            await self._open(network)  # what stood against it at the start may be gone
        endpoint = Endpoint(container_id, name.lstrip("/"), network.id, network.name, random_id())
        if network.plan is not None:
            endpoint = self._with_address(endpoint, network, wishes)
        self._endpoints.hold(endpoint)
        changed: list[Endpoint] = []
        try:
            changed = self._with_ports(self._endpoints.elect(container_id), ports)
            await self._endpoints.save(endpoint, *changed)
        except BaseException:
            await self._back_out(endpoint)
            raise
        return self._endpoints.get(container_id, network.id) or endpoint

    async def open_sandbox(self, container_id: str) -> Path:
        """Make the container's network namespace, with its loopback up; its path outlives the engine."""
        path = await self._sandboxes.create(container_id)
        self._endpoints.place(container_id, path)
        return path

    async def attach(self, container_id: str, servers: Sequence[str] = ()) -> None:
        """Make interfaces, routes, rules and names stand. The sandbox must be open, host mode excepted. `servers` are
        asked for what no container is called (`Resolvers.open`)."""
        for endpoint in sorted(self._endpoints.of(container_id), key=lambda endpoint: endpoint.interface):
            await self._attach(endpoint)
        await self.serve_names(container_id, servers)

    async def serve_names(self, container_id: str, servers: Sequence[str]) -> None:
        """Answer the container's questions for names, if it is on a network that has some."""
        for endpoint in self._endpoints.of(container_id):
            if endpoint.sandbox is not None and self._networks[endpoint.network_id].has_names:
                await self._resolvers.open(container_id, endpoint.sandbox, servers)
                return

    async def connect(
        self, container_id: str, network: Network, wishes: Wishes, *, ports: Sequence[PortRequest], name: str
    ) -> Endpoint:
        """Put a container that runs on one more network. Raises Forbidden where one excludes the other."""
        before = self._endpoints.of(container_id)
        if network.plan is None or any(endpoint.address is None for endpoint in before):
            raise Forbidden(
                f"container {short_id(container_id)} can't be on {network.name} and another network at once"
            )
        endpoint = await self.allocate(container_id, network, ports=ports, wishes=wishes, name=name)
        self._endpoints.place(container_id, self._sandboxes.path(container_id))
        try:
            await self._attach(replace(endpoint, ports=()))  # they may still be published elsewhere
            await self._update(container_id)
        except BaseException:
            await self.disconnect(container_id, network)
            raise
        return self._endpoints.get(container_id, network.id) or endpoint

    async def disconnect(self, container_id: str, network: Network) -> Endpoint:
        """Take a container that runs off a network. Raises NotFound where it is not on it, Forbidden for host."""
        endpoint = self._endpoints.get(container_id, network.id)
        if endpoint is None:
            raise NotFound(f"container {container_id} is not connected to network {network.name}")
        if network.plan is None:
            raise Forbidden(f"container cannot be disconnected from {network.name} network")
        failures = await self._detach(endpoint, at_once=True)
        await self._back_out(endpoint)
        await self._update(container_id)
        if failures:
            raise failures[0]
        return endpoint

    async def rename(self, container_id: str, old: str, new: str) -> None:
        """The container's name has changed: others find it by the new one from now on."""
        for endpoint in self._endpoints.of(container_id):
            names = tuple(new.lower() if name == old.lower() else name for name in endpoint.names)
            renamed = replace(endpoint, name=new, names=names)
            self._endpoints.hold(renamed)
            await self._endpoints.save(renamed)

    async def release(self, container_id: str) -> None:
        """Undo all of the above. Idempotent; goes on past what fails and raises one ExceptionGroup."""
        held = self._endpoints.of(container_id)
        failures: list[Exception] = []
        await self._resolvers.close(container_id)
        for endpoint in held:
            failures += await self._detach(endpoint)
        try:
            await self._sandboxes.remove(container_id)
        except OSError as error:
            failures.append(error)
        for endpoint in held:
            self._forget(endpoint)
        self._ports.free(container_id)
        await self._endpoints.delete(*held)
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
        for each in self._drivers.values():
            await each.sweep([endpoint.link for endpoint in self._endpoints.all() if endpoint.address])
        for network in tuple(self._networks.values()):
            if network.driver in self._drivers:
                await self._reopen(network)

    async def shutdown(self) -> None:
        """End this engine's part: with no containers left nothing stays in the kernel; else what they need does."""
        async with AsyncExitStack() as undo:  # goes on past what fails
            undo.callback(self._ports.close)
            undo.push_async_callback(self._resolvers.shutdown)
            for driver in self._drivers.values():
                undo.push_async_callback(driver.stop)
            if not self._endpoints.all():
                undo.callback(self._sandboxes.close)
                for network in self._networks.values():
                    if network.plan is not None:
                        undo.push_async_callback(self._drivers[network.driver].close, network.plan)

    def _check_free(self, container_id: str, network: Network) -> None:
        if network.id not in self._networks:
            raise NotFound(f"network {network.name} not found")  # removed since it was asked for
        if self._endpoints.get(container_id, network.id) is not None:
            raise Conflict(f"endpoint for container {short_id(container_id)} already exists in network {network.name}")

    def _with_address(self, endpoint: Endpoint, network: Network, wishes: Wishes) -> Endpoint:
        given = self._pools[network.id].allocate(wishes.address)
        return replace(
            endpoint,
            address=given,
            gateway=next_hop(network),
            mac=wishes.mac or mac_of(given.ip),
            interface=self._endpoints.free_interface(endpoint.container_id),
            priority=wishes.priority,
            names=wishes.names,
            links=wishes.links,
        )

    def _with_ports(self, changed: list[Endpoint], requests: Sequence[PortRequest]) -> list[Endpoint]:
        """The endpoints that changed; the new gateway's has the ports of the one before, or holds them now."""
        return [self._publishing(each, requests) if each.is_gateway and not each.ports else each for each in changed]

    def _publishing(self, endpoint: Endpoint, requests: Sequence[PortRequest]) -> Endpoint:
        default = self._networks[endpoint.network_id].binding_address
        bound = [replace(request, host_ip=request.host_ip or default) for request in requests]
        try:
            endpoint = replace(endpoint, ports=self._ports.reserve(endpoint.container_id, bound))
        except EngineError as error:
            label = f"{endpoint.name or short_id(endpoint.container_id)} ({endpoint.endpoint_id})"
            error.args = (f"driver failed programming external connectivity on endpoint {label}: {error.message}",)
            error.message = error.args[0]
            raise
        self._endpoints.hold(endpoint)
        return endpoint

    async def _back_out(self, endpoint: Endpoint) -> None:
        """One endpoint less; another may have to take over its default route and ports."""
        held = self._endpoints.get(endpoint.container_id, endpoint.network_id) or endpoint
        self._endpoints.hold(replace(held, gateway=None))
        await self._endpoints.save(*self._endpoints.elect(endpoint.container_id))
        self._forget(endpoint)
        if not any(each.ports for each in self._endpoints.of(endpoint.container_id)):
            self._ports.free(endpoint.container_id)
        await self._endpoints.delete(endpoint)

    async def _attach(self, endpoint: Endpoint) -> None:
        network = self._networks[endpoint.network_id]
        if network.plan is not None:
            sandbox = self._sandboxes.path(endpoint.container_id)
            await self._drivers[network.driver].attach(network.plan, endpoint.link, sandbox)
        self._announce("connect", network, endpoint.container_id)

    async def _update(self, container_id: str) -> None:
        """Tell the drivers who has the default route and the ports now: first who has them no more."""
        for endpoint in reversed(self._endpoints.of(container_id)):
            network = self._networks[endpoint.network_id]
            if network.plan is not None:
                sandbox = self._sandboxes.path(container_id)
                await self._drivers[network.driver].update(network.plan, endpoint.link, sandbox)

    async def _detach(self, endpoint: Endpoint, *, at_once: bool = False) -> list[Exception]:
        network = self._networks[endpoint.network_id]
        self._announce("disconnect", network, endpoint.container_id)
        if network.plan is None:
            return []
        try:
            await self._drivers[network.driver].detach(network.plan, endpoint.link, at_once=at_once)
        except EngineError as error:
            return [error]
        return []

    def _forget(self, endpoint: Endpoint) -> None:
        pool = self._pools.get(endpoint.network_id)
        if endpoint.address is not None and pool is not None:
            pool.release(endpoint.address.ip)
        self._endpoints.drop(endpoint)

    async def _adopt_endpoints(self, live: frozenset[str]) -> None:
        for network in self._networks.values():
            self._add_pool(network)
        dead = []
        for key, record in self._endpoint_records.load().items():
            found = self._networks.get(record.network_id)
            if record.container_id not in live or found is None:
                dead.append(key)
                continue
            self._adopt(Endpoint.from_record(record, found, self._sandboxes.path(record.container_id)))
        await self._endpoint_records.delete(*dead)

    def _adopt(self, endpoint: Endpoint) -> None:
        if endpoint.address is not None:
            self._pools[endpoint.network_id].allocate(endpoint.address.ip)
        if endpoint.ports:
            self._ports.readopt(endpoint.container_id, endpoint.ports)
        self._endpoints.hold(endpoint)

    def _add_pool(self, network: Network) -> None:
        if (plan := network.plan) is not None:
            reserved = network.reserved.values()
            self._pools[network.id] = AddressPool(plan.subnet, plan.gateway, part=network.range, reserved=reserved)

    def _check_overlap(self, subnet: IPv4Network) -> None:
        if any(network.plan and network.plan.subnet.overlaps(subnet) for network in self._networks.values()):
            raise Forbidden("invalid pool request: Pool overlaps with other one on this address space")

    async def _make(self, network: Network, driver: NetworkDriver) -> None:
        assert network.plan is not None  # noqa: S101  # for mypy: a network that somebody makes has addresses
        await driver.check_name(network.plan.interface)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._records.delete, network.id)
            await self._save(network)  # on disk before the kernel hears of it
            undo.callback(self._networks.pop, network.id, None)
            self._add_pool(network)
            undo.callback(self._pools.pop, network.id, None)
            undo.push_async_callback(driver.close, network.plan)
            await driver.open(network.plan, ())
            undo.pop_all()

    async def _unmake(self, network: Network) -> None:
        if network.plan is not None:
            await self._drivers[network.driver].close(network.plan)
        self._pools.pop(network.id, None)
        await self._records.delete(network.id)

    async def _reopen(self, network: Network) -> None:
        """Make the network stand again; one that a user made and that can't keeps the engine from nothing else."""
        try:
            await self._open(network)
        except (EngineError, OSError) as error:
            if network.is_predefined:
                raise
            self._closed.add(network.id)
            log.error("a network can't be set up", network=network.name, error=str(error))  # noqa: TRY400  # told whole

    async def _open(self, network: Network) -> None:
        driver = self._drivers[network.driver]
        if network.plan is not None:
            await driver.open(network.plan, [endpoint.link for endpoint in self.endpoints(network)])
            self._closed.discard(network.id)
            return
        async with only_chooser():
            plan = make_plan(network.id, self._config.bridge, await self._choose_subnet(driver))
            planned = replace(network, plan=plan)
            await self._save(planned)  # on disk before the kernel hears of it
            self._add_pool(planned)
            await driver.open(plan, ())

    async def _choose_subnet(self, driver: NetworkDriver) -> IPv4Network:
        planned = [network.plan.subnet for network in self._networks.values() if network.plan]
        return choose_subnet(self._config.address_pools, [*await driver.taken_networks(), *planned])

    async def _save(self, network: Network) -> None:
        await self._records.put(network.id, network.to_record())
        self._networks[network.id] = network

    def _announce(self, action: str, network: Network, container_id: str = "") -> None:
        attributes = {"name": network.name, "type": network.driver}
        if container_id:
            attributes["container"] = container_id
        self._events.publish("network", action, network.id, attributes)
