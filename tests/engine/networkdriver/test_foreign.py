from typing import Any

import pytest

from engine.linux.nft import Document
from engine.networkdriver.foreign import Chain, accept, accepted, forward_chains, refuses

FORWARD: dict[str, Any] = {"type": "filter", "hook": "forward", "prio": 0}
ACCEPTING = Chain("ip", "filter", "FORWARD")
DROPPING = Chain("ip", "filter", "FORWARD", drops=True)


def chain(table: str, name: str, family: str = "ip", **more: Any) -> Document:
    return {"chain": {"family": family, "table": table, "name": name, **more}}


def rule(*expressions: Document, handle: int = 1) -> Document:
    return {"handle": handle, "expr": list(expressions)}


def match(key: str, value: object, operator: str = "==") -> Document:
    return {"match": {"op": operator, "left": {"meta": {"key": key}}, "right": value}}


COUNTER: Document = {"counter": {"packets": 1, "bytes": 60}}
ACCEPT: Document = {"accept": None}


def test_only_others_filter_chains_at_the_forward_hook_count() -> None:
    listing = [
        {"metainfo": {}},
        chain("filter", "FORWARD", **FORWARD, policy="drop"),
        chain("firewalld", "filter_FORWARD", "inet", **FORWARD, policy="accept"),
        chain("ours", "forward", **FORWARD, policy="accept"),
        chain("filter", "FORWARD", "ip6", **FORWARD, policy="drop"),
        chain("filter", "INPUT", type="filter", hook="input", prio=0, policy="drop"),
        chain("mangle", "FORWARD", type="route", hook="forward", prio=0, policy="drop"),
        chain("filter", "DOCKER-USER"),
    ]
    assert forward_chains(listing, {"ours"}) == [
        DROPPING,
        Chain("inet", "firewalld", "filter_FORWARD"),
        Chain("ip6", "filter", "FORWARD", drops=True),
    ]


@pytest.mark.parametrize(
    ("place", "rules", "expected"),
    [
        (DROPPING, [], True),
        (ACCEPTING, [], False),
        (ACCEPTING, [rule(COUNTER, {"drop": None})], True),
        (ACCEPTING, [rule({"log": None}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}})], True),
        (ACCEPTING, [rule(match("iifname", "eth7"), {"drop": None})], False),
        (ACCEPTING, [rule(ACCEPT), rule({"jump": {"target": "x"}})], False),
    ],
)
def test_what_refuses_every_packet(place: Chain, rules: list[Document], expected: bool) -> None:
    assert refuses(place, rules) is expected


def test_our_own_rules_are_known_again() -> None:
    made = accept(ACCEPTING, "iifname", "br0", "portside")["insert"]["rule"]
    assert made["comment"] == "portside"
    assert accepted([made | {"handle": 7}]) == [(("iifname", "br0"), 7)]


def test_also_as_iptables_restore_writes_them() -> None:
    written = rule(match("oifname", "br0"), {"xt": {"type": "match", "name": "comment"}}, COUNTER, ACCEPT, handle=8)
    assert accepted([written]) == [(("oifname", "br0"), 8)]


@pytest.mark.parametrize(
    "other",
    [
        rule(COUNTER, ACCEPT),
        rule(match("iifname", "br0"), COUNTER, {"drop": None}),
        rule(match("iifname", "br0", "!="), ACCEPT),
        rule(match("iifname", {"set": ["br0", "br1"]}), ACCEPT),
        rule(match("iifname", "br0"), match("oifname", "eth0"), ACCEPT),
        rule(match("iifname", "br0"), {"xt": {"type": "match", "name": "conntrack"}}, ACCEPT),
        rule(match("iifname", "br0"), {"xt": None}, ACCEPT),
        rule(match("mark", "br0"), ACCEPT),
        rule(),
    ],
)
def test_no_others_rule_is_taken_for_ours(other: Document) -> None:
    assert accepted([other]) == []
