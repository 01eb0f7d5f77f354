"""The macvlan and ipvlan drivers: each link is an interface on top of one of the host's, and stands in its network.

Nothing is filtered, translated or published here: the containers are hosts of the parent's own network, and what may
reach them is decided there. The host itself does not reach them by the parent, nor they it (the kernel's rule).
`is_internal` means that they have no default route.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.errors import Conflict, EngineError
from engine.linux import addressing, interfaces, syscalls
from engine.linux.inet import IPNetwork
from engine.linux.netlink import RouteSocket
from engine.linux.netns import enter, on_fresh_thread
from engine.networkdriver import parents, plumbing
from engine.networkdriver.driver import Link, NetworkPlan

#: The kernel's numbers of the modes (linux/if_link.h).
_MODES: Final = {
    "macvlan": {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8},
    "ipvlan": {"l2": 0, "l3": 1, "l3s": 2},
}
#: Modes in which the kernel routes by itself: there is nobody to send to, and no neighbour to ask.
_ROUTING: Final = frozenset({"l3", "l3s"})


class StackedDriver:
    """See `engine.networkdriver.driver` for the contract. `name` is `macvlan` or `ipvlan`."""

    publishes = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._open: dict[str, NetworkPlan] = {}

    async def taken_networks(self) -> list[IPNetwork]:
        with _failing("list the host's networks"):
            return await on_fresh_thread(lambda: plumbing.taken_networks(lambda _: False))

    async def sweep(self, links: Sequence[Link]) -> None:
        """Nothing: an interface of this kind is only ever in its sandbox, and goes with it."""

    async def check(self, plan: NetworkPlan) -> None:
        for other in self._open.values():
            if other.interface == plan.interface:
                raise Conflict(f"network {other.network_id} is already using parent interface {plan.interface}")
        await on_fresh_thread(lambda: parents.check(plan, self.name))

    async def open(self, plan: NetworkPlan, links: Sequence[Link]) -> None:
        with _failing(f"open network on {plan.interface}"):
            await on_fresh_thread(lambda: parents.ensure(plan))
        self._open[plan.network_id] = plan

    async def attach(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None:
        with _failing(f"attach {link.interface} to {plan.interface}"):
            await on_fresh_thread(lambda: _plug(self.name, plan, link, sandbox))

    async def update(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None:
        with _failing(f"change the default route of {link.interface}"):
            await on_fresh_thread(_inside(sandbox, lambda: _route(plan, link)))

    async def detach(self, plan: NetworkPlan, link: Link, sandbox: Path, *, at_once: bool = False) -> None:
        with _failing(f"detach {link.interface} from {plan.interface}"), suppress(FileNotFoundError):
            await on_fresh_thread(_inside(sandbox, lambda: plumbing.remove(link.interface)))

    async def close(self, plan: NetworkPlan) -> None:
        self._open.pop(plan.network_id, None)
        with _failing(f"close network on {plan.interface}"):
            await on_fresh_thread(lambda: parents.remove(plan))

    async def stop(self) -> None:
        """There is nothing to stop."""


def _plug(kind: str, plan: NetworkPlan, link: Link, sandbox: Path) -> None:
    """The thread stays in the sandbox: end it. A failure leaves no interface behind."""
    descriptor = os.open(sandbox, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with RouteSocket() as host:
            made = interfaces.add_stacked(
                link.interface,
                kind=kind,
                parent=plumbing.existing(plan.interface),
                mode=_MODES[kind][plan.mode],
                mac=link.mac,
                mtu=plan.mtu,
                namespace=descriptor,
            )
            host.transact(made)
        syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
    finally:
        os.close(descriptor)
    try:
        plumbing.configure_inside(replace(link, gateways=()))
        _route(plan, link)
    except BaseException:
        plumbing.remove(link.interface)
        raise


def _route(plan: NetworkPlan, link: Link) -> None:
    index = plumbing.existing(link.interface)
    hops = [(gateway.version, None if plan.mode in _ROUTING else gateway) for gateway in link.gateways]
    with RouteSocket() as inner:
        inner.transact(*(addressing.set_default_route(index, gateway, version) for version, gateway in hops))


def _inside(sandbox: Path, work: Callable[[], None]) -> Callable[[], None]:
    def enter_and_work() -> None:
        enter(sandbox)
        work()

    return enter_and_work


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Turn the kernel's refusal into an error that says what was tried."""
    try:
        yield
    except OSError as error:
        raise EngineError(f"failed to {what}: {error}") from error
