"""Which networks there are: on disk, in memory and, by their drivers, in the kernel.

A network's record is written before its first interface is made, and deleted after the last is gone.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from engine.addresspools import AddressRange, own_range
from engine.config import Config
from engine.errors import Conflict, EngineError, Forbidden, InvalidParameter, NotFound
from engine.ids import random_id
from engine.linux.inet import IPNetwork
from engine.network.creation import NetworkRequest, check, make_network, missing_families, space_of
from engine.network.ipam import AddressPools, choose_subnet, only_chooser
from engine.network.records import PREDEFINED, AddressSpace, Network, NetworkRecord
from engine.networkdriver.driver import Link, NetworkDriver
from engine.store import Database, Records

log = structlog.get_logger(__name__)

#: What tells one machine from another, for IPv6 subnets that are nobody else's.
_MACHINE: Final = Path("/etc/machine-id")


class Catalogue:
    """All networks of this engine, and the addresses that are given out on them. `load` comes first."""

    def __init__(self, config: Config, database: Database, drivers: Mapping[str, NetworkDriver]) -> None:
        self._config = config
        self._drivers = drivers
        self._records = Records(database, "network", NetworkRecord)
        self._networks: dict[str, Network] = {}
        self._pools: dict[str, AddressPools] = {}
        self._closed: set[str] = set()
        self._creating = asyncio.Lock()  # a subnet is chosen, and taken, by one at a time

    def __contains__(self, network_id: str) -> bool:
        return network_id in self._networks

    def __getitem__(self, network_id: str) -> Network:
        return self._networks[network_id]

    def get(self, network_id: str) -> Network | None:
        return self._networks.get(network_id)

    def all(self) -> list[Network]:
        """Every network, the oldest first."""
        return sorted(self._networks.values(), key=lambda network: network.created)

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

    def driver(self, network: Network) -> NetworkDriver | None:
        """Who makes it stand; None for one without addresses."""
        return self._drivers[network.driver] if network.spaces else None

    def publishes(self, network: Network) -> bool:
        """Are its containers' ports published on the host?"""
        driver = self.driver(network)
        return driver is not None and driver.publishes

    def pools(self, network: Network) -> AddressPools:
        """The addresses of a network that has some."""
        return self._pools[network.id]

    async def load(self) -> None:
        """Read what there is, and make what every engine has; nothing in the kernel yet."""
        self._networks = {key: Network.from_record(record) for key, record in self._records.load().items()}
        for name, driver in PREDEFINED.items():
            if not any(network.name == name for network in self._networks.values()):
                await self._save(Network(random_id(), name, driver))
        self._pools = {key: AddressPools(network.spaces) for key, network in self._networks.items()}

    async def create(self, request: NetworkRequest) -> Network:
        """Raises what `creation.check` raises, Conflict for a name or an interface in use, Forbidden for a subnet that
        overlaps another network's, Unavailable when no pool is free."""
        spaces = check(request)
        async with self._creating:
            if any(network.name == request.name for network in self._networks.values()):
                raise Conflict(f"network with name {request.name} already exists")
            driver = self._drivers[request.driver]
            async with only_chooser():
                chosen = [space_of(await self._choose_subnet(driver, v)) for v in missing_families(request, spaces)]
                self._check_overlap(spaces)
                network = make_network(request, (*spaces, *chosen))
                await self._make(network, driver)
        return network

    async def remove(self, network: Network) -> None:
        """Raises NotFound where somebody else was faster."""
        if self._networks.pop(network.id, None) is None:
            raise NotFound(f"network {network.id} not found")
        try:
            if (plan := network.plan) is not None:
                await self._drivers[network.driver].close(plan)
            self._pools.pop(network.id, None)
            await self._records.delete(network.id)
        except BaseException:
            self._networks[network.id] = network  # it can be removed again
            raise

    async def reopen(self, network: Network, links: Iterable[Link]) -> None:
        """Make the network stand again after a start of the engine, with the links that there are; one that a user made
        and that can't keeps the engine from nothing else."""
        if network.driver not in self._drivers:
            return
        try:
            await self._open(network, links)
        except (EngineError, OSError) as error:
            if network.is_predefined:
                raise
            self._closed.add(network.id)
            log.error("a network can't be set up", network=network.name, error=str(error))  # noqa: TRY400  # told whole

    async def need(self, network: Network) -> None:
        """Somebody wants to use it: what stood against it at the start may be gone."""
        if network.id in self._closed:
            await self._open(network, ())

    async def close(self, network: Network) -> None:
        """Take it out of the kernel; it is still one of this engine's."""
        if (plan := network.plan) is not None:
            await self._drivers[network.driver].close(plan)

    async def _make(self, network: Network, driver: NetworkDriver) -> None:
        plan = network.plan
        assert plan is not None  # noqa: S101  # for mypy: a network that somebody makes has addresses
        await driver.check(plan)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._records.delete, network.id)
            await self._save(network)  # on disk before the kernel hears of it
            undo.callback(self._networks.pop, network.id, None)
            self._pools[network.id] = AddressPools(network.spaces)
            undo.callback(self._pools.pop, network.id, None)
            undo.push_async_callback(driver.close, plan)
            await driver.open(plan, ())
            undo.pop_all()

    async def _open(self, network: Network, links: Iterable[Link]) -> None:
        driver = self._drivers[network.driver]
        if (plan := network.plan) is not None:
            await driver.open(plan, list(links))
            self._closed.discard(network.id)
            return
        async with only_chooser():
            space = space_of(await self._choose_subnet(driver, 4))
            await self._make_default(replace(network, interface=self._config.bridge, spaces=(space,)), driver)

    async def _make_default(self, network: Network, driver: NetworkDriver) -> None:
        await self._save(network)  # on disk before the kernel hears of it
        self._pools[network.id] = AddressPools(network.spaces)
        if (plan := network.plan) is not None:
            await driver.open(plan, ())

    async def _choose_subnet(self, driver: NetworkDriver, version: int) -> IPNetwork:
        planned = [space.network for network in self._networks.values() for space in network.spaces]
        return choose_subnet(self._ranges(version), [*await driver.taken_networks(), *planned], version)

    def _ranges(self, version: int) -> list[AddressRange]:
        """Those of the configuration; without one for IPv6 that which nobody else has."""
        told = [pool for pool in self._config.address_pools if pool.version == version]
        return told or [own_range(f"{_machine()}{self._config.instance}")]

    def _check_overlap(self, spaces: Iterable[AddressSpace]) -> None:
        taken = [each.network for network in self._networks.values() for each in network.spaces]
        for network in (space.network for space in spaces):
            if any(each.version == network.version and each.overlaps(network) for each in taken):
                raise Forbidden("invalid pool request: Pool overlaps with other one on this address space")

    async def _save(self, network: Network) -> None:
        await self._records.put(network.id, network.to_record())
        self._networks[network.id] = network


def _machine() -> str:
    try:
        return _MACHINE.read_text().strip()
    except OSError:
        return ""
