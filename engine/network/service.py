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

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from engine.config import Config
from engine.errors import Conflict, EngineError, Forbidden, InvalidParameter, NotFound
from engine.events import EventBus
from engine.ids import random_id, short_id
from engine.linux.netns import Sandboxes
from engine.network.catalogue import Catalogue
from engine.network.creation import NetworkRequest
from engine.network.endpoint import Endpoint, EndpointRecord
from engine.network.endpoints import Endpoints, Wishes
from engine.network.filters import prunable
from engine.network.names import Names
from engine.network.ports import PortRequest
from engine.network.publishing import Publishing
from engine.network.records import Network
from engine.network.resolver import Resolvers
from engine.networkdriver.driver import NetworkDriver, mac_of
from engine.store import Database, Records


class Networks:
    """All networks of this engine. `restore` comes first, once; nothing else may be asked before it has returned.

    `name_of` tells the name of a container by its ID, for `inspect`; the daemon sets it.
    """

    def __init__(
        self, config: Config, database: Database, events: EventBus, drivers: Mapping[str, NetworkDriver]
    ) -> None:
        self._events = events
        self._drivers = drivers
        self._catalogue = Catalogue(config, database, drivers)
        self._endpoint_records = Records(database, "endpoint", EndpointRecord)
        self._endpoints = Endpoints(self._endpoint_records)
        self._publishing = Publishing(self._endpoints, lambda key: self._catalogue.publishes(self._catalogue[key]))
        self._sandboxes = Sandboxes(config.run / "netns")
        self._resolvers = Resolvers(Names(self._endpoints, lambda key: self._catalogue[key].has_names))
        self.name_of: Callable[[str], str] = short_id

    def resolve(self, mode: str) -> Network:
        """See `Catalogue.resolve`."""
        return self._catalogue.resolve(mode)

    def all(self) -> list[Network]:
        """Every network, the oldest first."""
        return self._catalogue.all()

    def endpoint(self, container_id: str) -> Endpoint | None:
        """The endpoint of the container's default route, any other where it has none; None without endpoints."""
        return next(iter(self._endpoints.of(container_id)), None)

    def endpoints_of(self, container_id: str) -> list[Endpoint]:
        """All endpoints that a container holds now, that of its default route first."""
        return self._endpoints.of(container_id)

    def endpoints(self, network: Network) -> list[Endpoint]:
        return self._endpoints.on(network.id)

    async def create(self, request: NetworkRequest) -> Network:
        """Make a network; raises what `Catalogue.create` raises."""
        network = await self._catalogue.create(request)
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
        await self._catalogue.remove(network)
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
        and the ports: they are held as soon as there is one. Ports mean nothing where the driver does not publish
        (host, none, macvlan), addresses on host and none, and are ignored there as in Docker. Raises Conflict in
        Docker's words where a port or an address is taken.
        """
        self._check_free(container_id, network)
        await self._catalogue.need(network)
        endpoint = Endpoint(container_id, name.lstrip("/"), network.id, network.name, random_id())
        if network.spaces:
            endpoint = self._with_addresses(endpoint, network, wishes)
        self._endpoints.hold(endpoint)
        try:
            await self._endpoints.save(endpoint, *self._settle(container_id, ports))
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
        await self._publishing.relay(container_id)
        await self.serve_names(container_id, servers)

    async def serve_names(self, container_id: str, servers: Sequence[str]) -> None:
        """Answer the container's questions for names, if it is on a network that has some."""
        for endpoint in self._endpoints.of(container_id):
            if endpoint.sandbox is not None and self._catalogue[endpoint.network_id].has_names:
                await self._resolvers.open(container_id, endpoint.sandbox, servers)
                return

    async def connect(
        self, container_id: str, network: Network, wishes: Wishes, *, ports: Sequence[PortRequest], name: str
    ) -> Endpoint:
        """Put a container that runs on one more network. Raises Forbidden where one excludes the other."""
        before = self._endpoints.of(container_id)
        if not network.spaces or any(endpoint.address is None for endpoint in before):
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
        if not network.spaces:
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
        await self._publishing.quiet(container_id)
        for endpoint in held:
            failures += await self._detach(endpoint)
        try:
            await self._sandboxes.remove(container_id)
        except OSError as error:
            failures.append(error)
        for endpoint in held:
            self._forget(endpoint)
        self._publishing.free(container_id)
        await self._endpoints.delete(*held)
        if failures:
            raise ExceptionGroup(f"failed to release the network of container {short_id(container_id)}", failures)

    async def restore(self, live: Collection[str]) -> None:
        """Adopt the endpoints of the containers in `live` (IDs); sweep all else that this instance ever made."""
        await self._catalogue.load()
        await self._adopt_endpoints(frozenset(live))
        await self._sandboxes.sweep(keep=frozenset(live))
        for each in self._drivers.values():
            await each.sweep([endpoint.link for endpoint in self._endpoints.all() if endpoint.address])
        for network in self.all():
            links = [endpoint.link for endpoint in self.endpoints(network) if endpoint.address]
            await self._catalogue.reopen(network, links)
        for container_id in live:
            await self._publishing.relay(container_id)

    async def shutdown(self) -> None:
        """End this engine's part: with no containers left nothing stays in the kernel; else what they need does."""
        async with AsyncExitStack() as undo:  # goes on past what fails
            undo.push_async_callback(self._publishing.shutdown)
            undo.push_async_callback(self._resolvers.shutdown)
            for driver in self._drivers.values():
                undo.push_async_callback(driver.stop)
            if not self._endpoints.all():
                undo.callback(self._sandboxes.close)
                for network in self.all():
                    undo.push_async_callback(self._catalogue.close, network)

    def _check_free(self, container_id: str, network: Network) -> None:
        if network.id not in self._catalogue:
            raise NotFound(f"network {network.name} not found")  # removed since it was asked for
        if self._endpoints.get(container_id, network.id) is not None:
            raise Conflict(f"endpoint for container {short_id(container_id)} already exists in network {network.name}")

    def _with_addresses(self, endpoint: Endpoint, network: Network, wishes: Wishes) -> Endpoint:
        interface = self._endpoints.free_interface(endpoint.container_id, network.interface_prefix, wishes.interface)
        if wishes.mac and not network.has_macs:
            raise InvalidParameter("ipvlan interfaces do not support custom mac address assignment")
        given = self._catalogue.pools(network).allocate({each.version: each for each in wishes.addresses})
        sysctls = tuple((path.replace("IFNAME", interface), value) for path, value in wishes.sysctls)
        return replace(
            endpoint.at(network, *given),
            mac=wishes.mac or (mac_of(given[0].ip) if network.has_macs else ""),
            link_local=wishes.link_local,
            interface=interface,
            priority=wishes.priority,
            names=wishes.names,
            links=wishes.links,
            sysctls=sysctls,
        )

    def _settle(self, container_id: str, ports: Sequence[PortRequest] = ()) -> list[Endpoint]:
        """Say anew who has the container's default routes, and its ports; returns the endpoints that changed."""
        changed = self._endpoints.elect(container_id)
        first = next((each for each in self._endpoints.of(container_id) if each.is_gateway), None)
        default = self._catalogue[first.network_id].binding_address if first else ""
        changed += self._publishing.settle(container_id, ports, default_address=default)
        return list({each.network_id: each for each in changed}.values())

    async def _back_out(self, endpoint: Endpoint) -> None:
        """One endpoint less; another may have to take over its default route and ports."""
        held = self._endpoints.get(endpoint.container_id, endpoint.network_id) or endpoint
        self._endpoints.hold(replace(held, gateway=None, gateway6=None))
        await self._endpoints.save(*self._settle(endpoint.container_id))
        self._forget(endpoint)
        if not any(each.ports for each in self._endpoints.of(endpoint.container_id)):
            self._publishing.free(endpoint.container_id)
        await self._endpoints.delete(endpoint)

    async def _attach(self, endpoint: Endpoint) -> None:
        network = self._catalogue[endpoint.network_id]
        driver, plan = self._catalogue.driver(network), network.plan
        if driver is not None and plan is not None:
            await driver.attach(plan, endpoint.link, self._sandboxes.path(endpoint.container_id))
        self._announce("connect", network, endpoint.container_id)

    async def _update(self, container_id: str) -> None:
        """Tell the drivers who has the default route and the ports now: first who has them no more."""
        for endpoint in reversed(self._endpoints.of(container_id)):
            network = self._catalogue[endpoint.network_id]
            driver, plan = self._catalogue.driver(network), network.plan
            if driver is not None and plan is not None:
                await driver.update(plan, endpoint.link, self._sandboxes.path(container_id))
        await self._publishing.relay(container_id)

    async def _detach(self, endpoint: Endpoint, *, at_once: bool = False) -> list[Exception]:
        network = self._catalogue[endpoint.network_id]
        self._announce("disconnect", network, endpoint.container_id)
        driver, plan = self._catalogue.driver(network), network.plan
        if driver is None or plan is None:
            return []
        try:
            sandbox = self._sandboxes.path(endpoint.container_id)
            await driver.detach(plan, endpoint.link, sandbox, at_once=at_once)
        except EngineError as error:
            return [error]
        return []

    def _forget(self, endpoint: Endpoint) -> None:
        network = self._catalogue.get(endpoint.network_id)
        if network is not None:
            for address in endpoint.addresses:
                self._catalogue.pools(network).release(address.ip)
        self._endpoints.drop(endpoint)

    async def _adopt_endpoints(self, live: frozenset[str]) -> None:
        dead = []
        for key, record in self._endpoint_records.load().items():
            found = self._catalogue.get(record.network_id)
            if record.container_id not in live or found is None:
                dead.append(key)
                continue
            self._adopt(Endpoint.from_record(record, found, self._sandboxes.path(record.container_id)), found)
        await self._endpoint_records.delete(*dead)

    def _adopt(self, endpoint: Endpoint, network: Network) -> None:
        for address in endpoint.addresses:
            self._catalogue.pools(network).claim(address.ip)
        self._publishing.readopt(endpoint)
        self._endpoints.hold(endpoint)

    def _announce(self, action: str, network: Network, container_id: str = "") -> None:
        attributes = {"name": network.name, "type": network.driver}
        if container_id:
            attributes["container"] = container_id
        self._events.publish("network", action, network.id, attributes)
