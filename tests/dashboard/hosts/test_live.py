from typing import Any

import pytest

from dashboard.hosts.live import Change, Kind


def event(kind: str, action: str) -> dict[str, Any]:
    return {"Type": kind, "Action": action, "Actor": {"ID": "abc", "Attributes": {}}}


@pytest.mark.parametrize(
    ("told", "change"),
    [
        (event("container", "die"), Change(Kind.CONTAINER, "abc", "die")),
        (event("container", "health_status: healthy"), Change(Kind.CONTAINER, "abc", "health_status")),
        (event("image", "pull"), Change(Kind.IMAGE, "abc", "pull")),
        (event("network", "connect"), Change(Kind.NETWORK, "abc", "connect")),
        (event("container", "exec_start: sh"), None),
        (event("container", "attach"), None),
        (event("daemon", "reload"), None),
        (event("engine", "up"), None),
        ({}, None),
    ],
)
def test_pages_hear_of_what_they_can_show(told: dict[str, Any], change: Change | None) -> None:
    assert Change.from_event(told) == change


def test_the_message_is_for_the_consumers_method() -> None:
    message = Change(Kind.CONTAINER, "abc", "die").message()
    assert message == {"type": "host.change", "change": {"kind": "container", "id": "abc", "action": "die"}}
