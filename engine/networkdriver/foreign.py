"""Other programs' forward chains: an accept in our own table does not outweigh a drop in theirs.

dockerd and ufw set the policy of iptables' FORWARD chain to drop, firewalld ends its own chain with a reject. Where
such a chain stands, our bridges get two accepting rules at its head (or in DOCKER-USER, the place that dockerd keeps
free for others): what may reach a container is decided in our own forward chain. The rules are of the plain form that
`iptables -S` can list, so their owner sees them, and they go when their network closes. A chain of IPv6's own (of
ip6tables) gets them for the bridges that have IPv6.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from engine.errors import EngineError
from engine.linux.nft import Document, Nft

log = structlog.get_logger(__name__)

_FAMILIES: Final = frozenset({"ip", "ip6", "inet"})
_USER_CHAIN: Final = "DOCKER-USER"
_DIRECTIONS: Final = ("iifname", "oifname")
#: What may stand beside a verdict without making it depend on the packet.
_UNCONDITIONAL: Final = frozenset({"counter", "log", "comment"})
_REFUSALS: Final = frozenset({"drop", "reject"})


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain of another program's table. `drops` is its policy's verdict; only base chains have one."""

    family: str
    table: str
    name: str
    drops: bool = False

    def command(self, verb: str, kind: str, **more: Any) -> Document:
        key = "name" if kind == "chain" else "chain"
        return {verb: {kind: {"family": self.family, "table": self.table, key: self.name, **more}}}


def forward_chains(listing: Iterable[Document], is_ours: Collection[str]) -> list[Chain]:
    """The base chains at the forward hook in a listing of all chains, those in tables of ours left out."""
    found = (document["chain"] for document in listing if "chain" in document)
    return [
        Chain(chain["family"], chain["table"], chain["name"], drops=chain.get("policy") == "drop")
        for chain in found
        if chain.get("hook") == "forward"
        and chain.get("type") == "filter"
        and chain["family"] in _FAMILIES
        and chain["table"] not in is_ours
    ]


def refuses(chain: Chain, rules: Iterable[Document]) -> bool:
    """Does the chain end in a refusal of every packet that nothing before has accepted?"""
    return chain.drops or any(_is_refusal(rule["expr"]) for rule in rules)


def accepted(rules: Iterable[Document]) -> list[tuple[tuple[str, str], int]]:
    """The rules of our form, each as (`iifname` or `oifname`, interface) with its handle."""
    found = ((_accepts(rule["expr"]), rule["handle"]) for rule in rules)
    return [(key, handle) for key, handle in found if key is not None]


def accept(chain: Chain, direction: str, interface: str, owner: str) -> Document:
    """Insert, at the head of `chain`, the rule that accepts what comes in by, or goes out to, `interface`."""
    match = {"match": {"op": "==", "left": {"meta": {"key": direction}}, "right": interface}}
    return chain.command("insert", "rule", comment=owner, expr=[match, {"counter": None}, {"accept": None}])


class ForeignChains:
    """Keeps our bridges accepted in the chains of others. `owner` is our table: its name signs the rules."""

    def __init__(self, nft: Nft, owner: str) -> None:
        self._nft = nft
        self._owner = owner

    async def ensure(
        self, interfaces: Collection[str], chains: Iterable[Document], *, ipv6: Collection[str] = ()
    ) -> None:
        """Accept `interfaces` wherever a chain in `chains` (a listing of all) refuses them; `ipv6` are those of them
        that carry IPv6."""
        listing = list(chains)
        for chain in forward_chains(listing, {self._owner}):
            with suppress(_Vanished):
                await self._ensure_in(chain, ipv6 if chain.family == "ip6" else interfaces, listing)

    async def remove(self, interfaces: Collection[str], chains: Iterable[Document]) -> None:
        """Delete what `ensure` inserted for `interfaces`, also in chains that refuse nothing any more."""
        listing = list(chains)
        places = [place for chain in forward_chains(listing, {self._owner}) for place in _places(chain, listing)]
        for place in places:
            with suppress(_Vanished):
                await self._remove_from(place, interfaces)

    async def _ensure_in(self, chain: Chain, interfaces: Collection[str], listing: list[Document]) -> None:
        rules = await self._rules(chain)
        if not refuses(chain, rules):
            return
        place = chain
        if any({"jump": {"target": _USER_CHAIN}} in rule["expr"] for rule in rules):
            place = _places(chain, listing)[-1]
            rules = await self._rules(place)
        present = {key for key, _ in accepted(rules)}
        missing = [(way, name) for name in interfaces for way in _DIRECTIONS if (way, name) not in present]
        if missing:
            await self._commit(accept(place, way, name, self._owner) for way, name in missing)
            log.info("accepted in another firewall's chain", chain=f"{place.table} {place.name}", rules=missing)

    async def _remove_from(self, place: Chain, interfaces: Collection[str]) -> None:
        present = accepted(await self._rules(place))
        handles = [handle for (_, name), handle in present if name in interfaces]
        if handles:
            await self._commit(place.command("delete", "rule", handle=handle) for handle in handles)

    async def _rules(self, chain: Chain) -> list[Document]:
        listing = await self._try(self._nft.listing(chain.command("list", "chain")))
        return [document["rule"] for document in listing if "rule" in document]

    async def _commit(self, commands: Iterable[Document]) -> None:
        await self._try(self._nft.run(*commands))

    @staticmethod
    async def _try(work: Any) -> Any:
        """Chains of others come and go: one that is gone is no failure, and its owner's change brings us back."""
        try:
            return await work
        except EngineError as error:
            if "No such file" not in error.message:
                raise
            raise _Vanished from error


class _Vanished(Exception):
    """Another program deleted the chain or rule while we looked at it."""


def _places(chain: Chain, listing: Iterable[Document]) -> list[Chain]:
    """Where our rules for `chain` can be: itself, and DOCKER-USER where its table has one (last)."""
    own = {"family": chain.family, "table": chain.table, "name": _USER_CHAIN}
    has_user_chain = any(own.items() <= document.get("chain", {}).items() for document in listing)
    return [chain, Chain(chain.family, chain.table, _USER_CHAIN)] if has_user_chain else [chain]


def _is_refusal(expressions: Iterable[Document]) -> bool:
    kinds = {kind for expression in expressions for kind in expression}
    return bool(kinds & _REFUSALS) and kinds <= _REFUSALS | _UNCONDITIONAL


def _accepts(expressions: list[Document]) -> tuple[str, str] | None:
    """`match iifname "x"`, then only counters, comments (`xt`, as iptables-restore writes them) and an accept."""
    if not expressions or "match" not in expressions[0] or {"accept": None} not in expressions:
        return None
    match, *rest = expressions
    if any("counter" not in each and "accept" not in each and not _is_comment(each) for each in rest):
        return None
    way = match["match"]["left"].get("meta", {}).get("key")
    name = match["match"]["right"]
    return (way, name) if way in _DIRECTIONS and match["match"]["op"] == "==" and isinstance(name, str) else None


def _is_comment(expression: Document) -> bool:
    return bool((expression.get("xt") or {}).get("name") == "comment")
