"""A container's places on networks: what its record wishes, and what the networks give while it runs."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_interface
from typing import Any, Final

import msgspec
import structlog

from engine.container import endpointoptions
from engine.container.checks.networks import check_endpoints, is_user_defined
from engine.container.config import ContainerConfig, EndpointConfig, HostConfig, NetworkingConfig
from engine.container.container import Container
from engine.container.files import Files
from engine.container.record import Record
from engine.errors import EngineError, Forbidden, InvalidParameter
from engine.ids import short_id
from engine.network.endpoint import Endpoint
from engine.network.endpoints import Wishes
from engine.network.ports import port_requests
from engine.network.records import Network
from engine.network.service import Networks

log = structlog.get_logger(__name__)

#: Prefix lengths of the link-local networks.
_LINK_LOCAL: Final = {4: 16, 6: 64}


def wanted_endpoints(config: ContainerConfig, host: HostConfig, said: NetworkingConfig) -> dict[str, EndpointConfig]:
    """The networks that a create request names, and its wishes for each: that of its NetworkMode first.

    Raises InvalidParameter for wishes that can't be met on any network of that kind.
    """
    mode = "bridge" if host.network_mode in {"", "default"} else host.network_mode
    named = {"bridge" if key == "default" else key: wishes for key, wishes in (said.endpoints_config or {}).items()}
    if mode.startswith("container:"):
        if named:
            raise InvalidParameter("conflicting options: a network and the container type network mode")
        return {}
    if not named or is_user_defined(mode):
        named = {mode: named.get(mode), **named}
    wanted = {key: wishes or EndpointConfig() for key, wishes in named.items()}
    if config.mac_address and mode in wanted and not wanted[mode].mac_address:
        wanted[mode] = msgspec.structs.replace(wanted[mode], mac_address=config.mac_address)
    if host.links and is_user_defined(mode) and not wanted[mode].links:
        wanted[mode] = msgspec.structs.replace(wanted[mode], links=host.links)
    if len(wanted) > 1 and not {"host", "none"}.isdisjoint(wanted):
        raise InvalidParameter("conflicting options: cannot attach both user-defined and non-user-defined networks")
    check_endpoints(wanted)
    return wanted


class Connections:
    """Speaks with the networks for the containers. The container's lock is held by the caller."""

    def __init__(self, networks: Networks, files: Files) -> None:
        self._networks = networks
        self._files = files

    async def allocate(self, record: Record) -> bool:
        """Take the container's place on each of its networks; tells whether it shares the host's namespace."""
        wished = {self._networks.resolve(key).name: wishes for key, wishes in record.wished_endpoints.items()}
        record.endpoints = wished
        last = next(reversed(wished), None)
        for name, wishes in wished.items():
            await self._networks.allocate(
                record.id,
                self._networks.resolve(name),
                ports=_wanted_ports(record) if name == last else (),  # only then it is clear where they are published
                wishes=self._wishes(record, self._networks.resolve(name), wishes),
                name=record.name,
            )
        return any(self._networks.resolve(name).is_host for name in wished)

    def write_files(self, record: Record, *, shares_host: bool, links: Sequence[str]) -> None:
        """The files that tell the container of its networks; see `Files.write`."""
        endpoints = self._networks.endpoints_of(record.id)
        has_names = self._has_names(record)
        self._files.write(record, endpoints, has_names=has_names, shares_host=shares_host, links=links)

    async def attach(self, record: Record) -> None:
        await self._networks.attach(record.id, self._files.name_servers(record))

    async def adopt(self, record: Record) -> None:
        """Answer again the questions for names of a container that outlived the engine; that they can't be answered
        must not keep the engine from it.

        A network that it was just being put on when the engine was killed is one of its own now.
        """
        held = {endpoint.network_name: EndpointConfig() for endpoint in self._networks.endpoints_of(record.id)}
        record.endpoints = {
            **record.wished_endpoints,
            **{key: held[key] for key in held.keys() - record.wished_endpoints},
        }
        try:
            await self._networks.serve_names(record.id, self._files.name_servers(record))
        except (EngineError, OSError):
            log.exception("names will not resolve in a container that was adopted", container=record.id)

    async def connect(self, container: Container, network: Network, wishes: EndpointConfig) -> None:
        """Put the container on `network`, now if it runs, else when it starts."""
        record = container.record
        check_endpoints({network.name: wishes})
        _check_connectable(record, network)
        if network.name in record.wished_endpoints:
            raise Forbidden(f"endpoint with name {record.name} already exists in network {network.name}")
        if container.status.has_process:
            endpoint = await self._networks.connect(
                record.id,
                network,
                self._wishes(record, network, wishes),
                ports=_wanted_ports(record),
                name=record.name,
            )
            self._files.rewrite(record, has_names=self._has_names(record), added=_addresses_of(endpoint))
            await self.adopt(record)
        record.endpoints = {**record.wished_endpoints, network.name: wishes}

    async def disconnect(self, container: Container, network: Network) -> None:
        """Take the container off `network`. Raises Forbidden where it is not on it."""
        record = container.record
        if network.name not in record.wished_endpoints:
            raise Forbidden(f"container {record.id} is not connected to the network {network.name}")
        if network.is_host:
            raise Forbidden("container cannot be disconnected from host network or connected to host network")
        if container.status.has_process:
            endpoint = await self._networks.disconnect(record.id, network)
            self._files.rewrite(record, has_names=self._has_names(record), gone=_addresses_of(endpoint))
        record.endpoints = {key: wishes for key, wishes in record.wished_endpoints.items() if key != network.name}

    def _wishes(self, record: Record, network: Network, said: EndpointConfig) -> Wishes:
        if not all(network.is_chosen(version) for version in said.addresses):
            raise InvalidParameter(
                f"invalid config for network {network.name}: invalid endpoint settings:\nuser specified IP address is "
                "supported only when connecting to networks with user configured subnets"
            )
        options = said.driver_opts or {}
        return Wishes(
            mac=said.mac_address.replace("-", ":").lower(),
            addresses=tuple(map(ip_address, said.addresses.values())),
            link_local=tuple(ip_interface((text, _LINK_LOCAL[ip_address(text).version])) for text in said.link_local),
            interface=endpointoptions.interface(options),
            sysctls=endpointoptions.sysctls(options),
            names=dns_names(record, said) if network.has_names else (),
            links=_links(said),
            priority=said.gw_priority,
        )

    def _has_names(self, record: Record) -> bool:
        return any(self._networks.resolve(name).has_names for name in self._attached(record))

    def _attached(self, record: Record) -> list[str]:
        return [endpoint.network_id for endpoint in self._networks.endpoints_of(record.id)]


def dns_names(record: Record, wishes: EndpointConfig) -> tuple[str, ...]:
    """What others on the network call the container, lower case: its name, aliases, IDs and host name."""
    names = [record.name, *(wishes.aliases or ()), short_id(record.id), record.id, record.config.hostname]
    return tuple(dict.fromkeys(name.lower() for name in names if name))


def _check_connectable(record: Record, network: Network) -> None:
    if network.is_host or record.host_config.network_mode == "host":
        raise Forbidden("container cannot be disconnected from host network or connected to host network")
    if record.host_config.network_mode.startswith("container:"):
        raise Forbidden(
            "container sharing network namespace with another container or host cannot be connected to any other "
            "network"
        )
    if not network.spaces or "none" in record.wished_endpoints:
        raise Forbidden(
            "container cannot be connected to multiple networks with one of the networks in private (none) mode"
        )


def _addresses_of(endpoint: Endpoint) -> list[str]:
    return [str(address.ip) for address in endpoint.addresses]


def _links(said: EndpointConfig) -> Mapping[str, str]:
    """`name:alias`, or a name alone, as alias → name."""
    pairs = (link.partition(":") for link in said.links or ())
    return {(alias or name).lower(): name.lower() for name, _, alias in pairs}


def _wanted_ports(record: Record) -> tuple[Any, ...]:
    host = record.host_config
    bindings = {
        port: [{"HostIp": binding.host_ip, "HostPort": binding.host_port} for binding in wanted or ()]
        for port, wanted in (host.port_bindings or {}).items()
    }
    exposed = record.config.exposed_ports or {}
    return port_requests(bindings, exposed=exposed, publish_all=host.publish_all_ports)
