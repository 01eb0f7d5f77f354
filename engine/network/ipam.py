"""Addresses: which subnet a network gets, and which address a container gets in it."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

import structlog

from engine.errors import Conflict, InvalidParameter, Unavailable

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


def choose_subnet(pools: Sequence[str], taken: Iterable[IPv4Network]) -> IPv4Network:
    """The first pool that overlaps none of `taken`; raises Unavailable when there is none."""
    occupied = [network for network in taken if network.prefixlen]  # the default route overlaps everything
    for pool in map(IPv4Network, pools):
        if not any(pool.overlaps(network) for network in occupied):
            return pool
    raise Unavailable(
        f"could not find an available, non-overlapping IPv4 address pool among {', '.join(pools)}: "
        "the host has routes to, or addresses in, all of them"
    )


class AddressPool:
    """The addresses of one subnet that are given out. Not durable: it is refilled from the endpoints' records."""

    def __init__(
        self,
        subnet: IPv4Network,
        gateway: IPv4Address,
        *,
        part: IPv4Network | None = None,
        reserved: Iterable[IPv4Address] = (),
    ) -> None:
        """Addresses are chosen from `part` of the subnet; those of `reserved` are given to nobody."""
        self._subnet = subnet
        self._fixed = {gateway, *reserved, *_edges(subnet)}
        self._taken = set(self._fixed)
        chosen = part or subnet
        self._first, self._last = int(chosen.network_address), int(chosen.broadcast_address)
        self._low = self._first

    def __contains__(self, address: IPv4Address) -> bool:
        return address in self._taken

    def allocate(self, wanted: IPv4Address | None = None) -> IPv4Interface:
        """`wanted`, or the lowest free address. Raises InvalidParameter, Conflict or Unavailable."""
        address = self._check(wanted) if wanted else self._lowest_free()
        self._taken.add(address)
        return IPv4Interface((address, self._subnet.prefixlen))

    def release(self, address: IPv4Address) -> None:
        """Give the address back; one that is free already is no error."""
        if address not in self._fixed:
            self._taken.discard(address)
        if self._first <= int(address):
            self._low = min(self._low, int(address))

    def _check(self, address: IPv4Address) -> IPv4Address:
        if address not in self._subnet or address in _edges(self._subnet):
            raise InvalidParameter(f"invalid address {address}: it is no host's address in subnet {self._subnet}")
        if address in self._taken:
            raise Conflict("Address already in use")
        return address

    def _lowest_free(self) -> IPv4Address:
        for address in self._candidates():
            if address not in self._taken:
                self._low = int(address) + 1
                return address
        raise Unavailable(f"no available IPv4 addresses on this network's address pools: {self._subnet} is full")

    def _candidates(self) -> Iterator[IPv4Address]:
        """From the low mark, below which everything is taken, so that a full /16 is not walked for each container."""
        return map(IPv4Address, range(self._low, self._last + 1))


def _edges(subnet: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    return subnet.network_address, subnet.broadcast_address
