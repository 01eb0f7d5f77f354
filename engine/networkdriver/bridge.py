"""The bridge driver: a Linux bridge a network, a veth pair a link, nftables for what goes in and out.

All of the kernel's work for one link is done by one short-lived thread over two netlink sockets, one in the host's
namespace and one in the sandbox: about 2 ms. Links without published ports need no change of the packet filter.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import structlog

from engine import tasks
from engine.config import Config
from engine.errors import Conflict, EngineError, NotSupported
from engine.linux.conntrack import forget_udp_flows
from engine.linux.inet import IPNetwork
from engine.linux.netlink import index_of
from engine.linux.netns import on_fresh_thread
from engine.linux.nft import Document, Nft
from engine.networkdriver import plumbing, rules, senders
from engine.networkdriver.bridgewatch import BridgeWatch
from engine.networkdriver.driver import Link, NetworkPlan
from engine.networkdriver.foreign import ForeignChains
from engine.networkdriver.keeper import Keeper
from engine.networkdriver.legacy import LegacyFirewall
from engine.networkdriver.sysctls import is_ipv6_there

log = structlog.get_logger(__name__)

#: Digits of the endpoint's ID in the name of its interface on the host (15 characters in all, the kernel's limit).
_ID_DIGITS: Final = 7
#: How long a released sandbox may live on (somebody may hold it open) before its interface is taken away (seconds).
_LINGER: Final = 2.0


@dataclass(slots=True)
class _OpenNetwork:
    plan: NetworkPlan
    mtu: int
    links: dict[str, Link] = field(default_factory=dict)


class BridgeDriver:
    """See `engine.networkdriver.driver` for the contract."""

    name = "bridge"
    publishes = True

    def __init__(self, config: Config) -> None:
        self._table = config.nft_table
        self._prefix = f"pv{config.instance}"
        self._default_bridge = config.bridge
        self._nft = Nft()
        self._foreign = ForeignChains(self._nft, self._table)
        self._legacy = LegacyFirewall(self._table)
        self._keeper: Keeper | None = None
        self._watch: BridgeWatch | None = None
        self._networks: dict[str, _OpenNetwork] = {}
        self._changing = asyncio.Lock()  # the table and what it is made from change together
        self._tasks: set[asyncio.Task[Any]] = set()

    async def taken_networks(self) -> list[IPNetwork]:
        with _failing("list the host's networks"):
            return await on_fresh_thread(lambda: plumbing.taken_networks(self._is_own_interface))

    async def sweep(self, links: Sequence[Link]) -> None:
        keep = {self._interface(link) for link in links}
        with _failing("sweep the links of a former engine"):
            await on_fresh_thread(lambda: plumbing.sweep(self._prefix, keep))

    async def check(self, plan: NetworkPlan) -> None:
        if await on_fresh_thread(lambda: index_of(plan.interface)) is not None:
            raise Conflict(f"cannot make bridge {plan.interface}: the host has an interface of that name")
        if plan.has_ipv6 and not is_ipv6_there():
            raise NotSupported("an IPv6 network needs IPv6 in the host's kernel, where it is absent or disabled")

    async def open(self, plan: NetworkPlan, links: Sequence[Link]) -> None:
        with _failing(f"open network {plan.interface}"):
            may_replace = plan.interface == self._default_bridge
            mtu = await on_fresh_thread(lambda: plumbing.build_bridge(plan, may_replace=may_replace))
        async with self._changing:
            self._networks[plan.network_id] = _OpenNetwork(plan, mtu, {link.endpoint_id: link for link in links})
            await self._begin()
            await self._ask_others(await self._chains())

    async def attach(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None:
        network = self._networks[plan.network_id]
        name = self._interface(link)
        try:
            async with self._changing:
                network.links[link.endpoint_id] = replace(link, ports=())
                await self._change(senders.admit(self._table, name, link))
            with _failing(f"attach {name} to {plan.interface}"):
                await on_fresh_thread(lambda: plumbing.plug(plan, link, name, sandbox, network.mtu))
            await self._publish(network, link)
        except BaseException:
            await self.detach(plan, link, sandbox)
            raise

    async def update(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None:
        await self._publish(self._networks[plan.network_id], link, takes_over=True)
        with _failing(f"change the default route to {', '.join(map(str, link.gateways))}"):
            await on_fresh_thread(lambda: plumbing.reroute(link, sandbox))

    async def detach(self, plan: NetworkPlan, link: Link, sandbox: Path, *, at_once: bool = False) -> None:
        """The host's end of the pair is enough: what is in the sandbox goes with it."""
        network = self._networks[plan.network_id]
        name = self._interface(link)
        try:
            async with self._changing:
                known = network.links.pop(link.endpoint_id, None)
                if known is not None:
                    gone = [*rules.withdraw(self._table, known), *senders.dismiss(self._table, name, known)]
                    await self._change(gone)
            await self._forget_flows(link)
        finally:
            with _failing(f"detach {name} from {plan.interface}"):
                await on_fresh_thread(lambda: (plumbing.remove if at_once else plumbing.unplug)(name))
        if not at_once:
            tasks.spawn(self._remove_later(name), name=f"remove {name}", owner=self._tasks)

    async def close(self, plan: NetworkPlan) -> None:
        async with self._changing:
            self._networks.pop(plan.network_id, None)
            if self._networks:
                await self._rebuild()
            else:
                await self._nft.run(*rules.remove_table(self._table), *senders.remove_table(self._table))
            await self._foreign.remove([plan.interface], await self._chains())
            await self._legacy.remove([plan.interface])
        with _failing(f"close network {plan.interface}"):
            if not self._networks:  # else another's link may just be on its way
                await on_fresh_thread(lambda: plumbing.sweep(self._prefix, ()))
            await on_fresh_thread(lambda: plumbing.remove_bridge(plan))

    async def stop(self) -> None:
        if self._keeper is not None:
            await self._keeper.stop()
        if self._watch is not None:
            await self._watch.stop()
        await tasks.cancel_all(self._tasks)
        self._nft.close()

    async def _begin(self) -> None:
        if self._keeper is not None:
            await self._rebuild()
            return
        keeper = Keeper(self._table, self._repair)
        await self._rebuild()
        keeper.start()
        self._keeper = keeper
        self._watch = BridgeWatch(self._is_bridge, self._rejoin)
        self._watch.start()

    def _is_bridge(self, name: str) -> bool:
        return any(network.plan.interface == name for network in self._networks.values())

    def _interface(self, link: Link) -> str:
        return self._prefix + link.endpoint_id[:_ID_DIGITS]

    def _is_own_interface(self, name: str) -> bool:
        return name == self._default_bridge or name.startswith(self._prefix)

    async def _remove_later(self, name: str) -> None:
        """The pair normally goes with its sandbox; where that is kept alive by a stranger, it is deleted."""
        await asyncio.sleep(_LINGER)
        await on_fresh_thread(lambda: plumbing.remove(name))

    async def _publish(self, network: _OpenNetwork, link: Link, *, takes_over: bool = False) -> None:
        """The ports of `link` in the place of those that it has now, and in that of other links where it
        `takes_over`, so that they are reachable all the time."""
        async with self._changing:
            before = network.links[link.endpoint_id]
            network.links[link.endpoint_id] = link
            if before.ports != link.ports:
                taken = [rule for other in self._yield_to(link) for rule in other] if takes_over else []
                await self._change([*rules.withdraw(self._table, before), *taken, *rules.publish(self._table, link)])
        await self._forget_flows(link)

    def _yield_to(self, link: Link) -> Iterator[list[Document]]:
        """Take the ports of `link` from the links that have them now."""
        for network in self._networks.values():
            for key, other in network.links.items():
                shared = tuple(port for port in other.ports if port in link.ports)
                if shared and key != link.endpoint_id:
                    rest = tuple(port for port in other.ports if port not in shared)
                    network.links[key] = replace(other, ports=rest)
                    yield rules.withdraw(self._table, replace(other, ports=shared))

    async def _forget_flows(self, link: Link) -> None:
        """UDP senders that are at it already find the published ports as they are now."""
        ports = {port.host_port for port in link.ports if port.protocol == "udp"}
        if ports:
            own = {address.ip for address in link.addresses}
            with _failing("forget UDP flows"):
                await on_fresh_thread(
                    lambda: forget_udp_flows(lambda flow: flow.port in ports or flow.answered_by in own)
                )

    async def _change(self, commands: list[Document]) -> None:
        """Commit a change of our table; where it no longer fits (somebody flushed the table), build it anew."""
        if not commands:
            return
        try:
            await self._nft.run(*commands)
        except EngineError as error:
            log.warning("the packet filter's table was not as left; building it anew", reason=error.message)
            await self._rebuild()

    async def _rebuild(self) -> None:
        networks = {network.plan: list(network.links.values()) for network in self._networks.values()}
        named = {self._interface(link): link for links in networks.values() for link in links}
        await self._nft.run(*rules.table(self._table, networks), *senders.table(self._table, f"{self._prefix}*", named))

    async def _repair(self, is_ours_touched: bool) -> None:
        async with self._changing:
            if not self._networks:
                return
            chains = await self._chains()
            if is_ours_touched or not rules.is_complete(self._table, chains, also=senders.CHAINS):
                log.warning("another program changed the packet filter's table of this engine; restoring it")
                await self._rebuild()
            await self._ask_others(chains)

    async def _rejoin(self) -> None:
        """Make bridges anew that are gone, and join to them the links that they had."""
        async with self._changing:
            for network in self._networks.values():
                if await on_fresh_thread(lambda plan=network.plan: index_of(plan.interface)) is None:  # type: ignore[misc]
                    log.warning("a bridge was deleted; making it anew", interface=network.plan.interface)
                    names = [self._interface(link) for link in network.links.values()]
                    with _failing(f"make {network.plan.interface} anew"):
                        await on_fresh_thread(lambda plan=network.plan, names=names: plumbing.rejoin(plan, names))  # type: ignore[misc]

    async def _ask_others(self, chains: list[Document]) -> None:
        plans = [network.plan for network in self._networks.values()]
        interfaces = [plan.interface for plan in plans]
        ipv6 = [plan.interface for plan in plans if plan.has_ipv6]
        await self._foreign.ensure(interfaces, chains, ipv6=ipv6)
        await self._legacy.ensure(interfaces, ipv6=ipv6)

    async def _chains(self) -> list[Document]:
        return await self._nft.listing({"list": {"chains": None}})


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Turn the kernel's refusal into an error that says what was tried."""
    try:
        yield
    except OSError as error:
        raise EngineError(f"failed to {what}: {error}") from error
