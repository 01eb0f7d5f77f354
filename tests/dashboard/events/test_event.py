from typing import Any

import pytest

from dashboard.events.event import Event

IMAGE = "1" * 64


def event(kind: str, action: str, actor: str, **attributes: str) -> dict[str, Any]:
    return {"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes}, "timeNano": 12}


def test_reads_a_message() -> None:
    read = Event.from_json(event("container", "die", "abc", name="web", exitCode="137", image="busybox"), "local")
    assert read == Event(
        nano="12",
        kind="container",
        action="die",
        id="abc",
        name="web",
        details=(("exitCode", "137"), ("image", "busybox")),
        url="/hosts/local/containers/abc/",
    )


@pytest.mark.parametrize(
    ("kind", "action", "actor", "url"),
    [
        ("container", "start", "abc", "/hosts/local/containers/abc/"),
        ("container", "destroy", "abc", ""),
        ("image", "tag", f"sha256:{IMAGE}", f"/hosts/local/images/{IMAGE}/"),
        ("image", "pull", "busybox:latest", ""),
        ("image", "delete", f"sha256:{IMAGE}", ""),
        ("volume", "mount", "data", "/hosts/local/volumes/named/data/"),
        ("network", "connect", "abc", "/hosts/local/networks/named/abc/"),
        ("daemon", "reload", "abc", ""),
        ("container", "start", "../x", ""),
        ("container", "start", "", ""),
    ],
)
def test_leads_to_what_it_happened_to(kind: str, action: str, actor: str, url: str) -> None:
    assert Event.from_json(event(kind, action, actor), "local").url == url


def test_an_engine_without_nanoseconds_has_seconds() -> None:
    assert Event.from_json({"Type": "container", "Action": "start", "time": 5}, "local").nano == "5000000000"
