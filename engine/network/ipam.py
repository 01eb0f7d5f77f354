"""Addresses: which subnet a network gets, and which address a container gets in it."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from ipaddress import IPv4Network
from typing import Final

import structlog

from engine.addresspools import AddressRange
from engine.errors import Conflict, InvalidParameter, Unavailable
from engine.linux.inet import IPAddress, IPInterface, IPNetwork, interface_of
from engine.network.records import AddressSpace

log = structlog.get_logger(__name__)

#: An abstract unix socket: one holder in a network namespace, let go of with the process, never a file.
_CHOOSER: Final = "\0portside/subnet-choice"
_CHOICE_TAKES: Final = 0.02
_PATIENCE: Final = 5.0


@asynccontextmanager
async def only_chooser() -> AsyncIterator[None]:
    """Keep other engines on this host from choosing a subnet until this one's bridge shows which it has.

    After a few seconds it goes on without: a stuck neighbour must not keep this engine from starting.
    """
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            async with asyncio.timeout(_PATIENCE):
                while not _is_taken_over(lock):  # noqa: ASYNC110  # another process tells us of no event
                    await asyncio.sleep(_CHOICE_TAKES)
        except TimeoutError:
            log.warning("another engine has been choosing a subnet for long; going on without waiting")
        yield


def _is_taken_over(lock: socket.socket) -> bool:
    try:
        lock.bind(_CHOOSER)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def choose_subnet(pools: Sequence[AddressRange], taken: Iterable[IPNetwork], version: int) -> IPNetwork:
    """The first subnet of the pools that overlaps none of `taken`; raises Unavailable when there is none."""
    occupied = [network for network in taken if network.prefixlen]  # the default route overlaps everything
    own = [pool for pool in pools if pool.version == version]
    for pool in own:
        if (found := pool.first_free(occupied)) is not None:
            return found
    raise Unavailable(
        f"could not find an available, non-overlapping IPv{version} address pool among {', '.join(map(str, own))}: "
        "the host has routes to, or addresses in, all of them"
    )


class AddressPool:
    """The addresses of one subnet that are given out. Not durable: it is refilled from the endpoints' records."""

    def __init__(self, space: AddressSpace) -> None:
        self._subnet = space.network
        self._fixed = {space.gateway, *space.reserved.values(), *edges(space.network)}
        self._taken = set(self._fixed)
        chosen = space.part or space.network
        self._first, self._last = int(chosen.network_address), int(chosen.broadcast_address)
        self._low = self._first

    def __contains__(self, address: IPAddress) -> bool:
        """Is it an address of the subnet, given out or not?"""
        return address in self._subnet

    def allocate(self, wanted: IPAddress | None = None) -> IPInterface:
        """`wanted`, or the lowest free address. Raises InvalidParameter, Conflict or Unavailable."""
        address = self._check(wanted) if wanted else self._lowest_free()
        self._taken.add(address)
        return interface_of(address, self._subnet.prefixlen)

    def release(self, address: IPAddress) -> None:
        """Give the address back; one that is free already is no error."""
        if address not in self._fixed:
            self._taken.discard(address)
        if self._first <= int(address):
            self._low = min(self._low, int(address))

    def _check(self, address: IPAddress) -> IPAddress:
        if address not in self._subnet or address in edges(self._subnet):
            raise InvalidParameter(f"invalid address {address}: it is no host's address in subnet {self._subnet}")
        if address in self._taken:
            raise Conflict("Address already in use")
        return address

    def _lowest_free(self) -> IPAddress:
        for address in self._candidates():
            if address not in self._taken:
                self._low = int(address) + 1
                return address
        version = self._subnet.version
        raise Unavailable(
            f"no available IPv{version} addresses on this network's address pools: {self._subnet} is full"
        )

    def _candidates(self) -> Iterator[IPAddress]:
        """From the low mark, below which everything is taken, so that a full /16 is not walked for each container."""
        return map(type(self._subnet.network_address), range(self._low, self._last + 1))


class AddressPools:
    """The subnets of one network: each family's are used up one after the other."""

    def __init__(self, spaces: Sequence[AddressSpace]) -> None:
        self._pools = {version: _pools_of(spaces, version) for version in (4, 6)}

    def allocate(self, wanted: Mapping[int, IPAddress]) -> list[IPInterface]:
        """An address of each family that the network has, that of `wanted` where there is one; all or none. Raises what
        `AddressPool.allocate` raises, and InvalidParameter for an address of none of the subnets."""
        with ExitStack() as undo:
            given = []
            for version in sorted({*wanted, *(version for version, pools in self._pools.items() if pools)}):
                address = self._allocate(version, wanted.get(version))
                undo.callback(self.release, address.ip)
                given.append(address)
            undo.pop_all()
        return given

    def claim(self, address: IPAddress) -> None:
        """Give out this address; raises as `allocate`."""
        self._allocate(address.version, address)

    def release(self, address: IPAddress) -> None:
        for pool in self._pools[address.version]:
            if address in pool:
                pool.release(address)

    def _allocate(self, version: int, wanted: IPAddress | None) -> IPInterface:
        if wanted is not None:
            for pool in self._pools[version]:
                if wanted in pool:
                    return pool.allocate(wanted)
            raise InvalidParameter(f"invalid address {wanted}: It does not belong to any of this network's subnets")
        *firsts, last = self._pools[version]
        for pool in firsts:
            with suppress(Unavailable):
                return pool.allocate()
        return last.allocate()


def edges(subnet: IPNetwork) -> tuple[IPAddress, ...]:
    """The addresses that are no host's: the network's own, and IPv4's broadcast address."""
    if isinstance(subnet, IPv4Network):
        return subnet.network_address, subnet.broadcast_address
    return (subnet.network_address,)


def _pools_of(spaces: Sequence[AddressSpace], version: int) -> list[AddressPool]:
    return [AddressPool(space) for space in spaces if space.network.version == version]
