"""Calls of webhooks: is it they who call, and what for? Pure.

GitHub, Gitea and our own form sign what they send (HMAC-SHA256); GitLab and registries send the secret itself. What a
call says of itself is believed only after that.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dashboard.schedules.models import Sender

#: Seconds by which the time of a signed call may differ from ours.
WINDOW: Final = 300
_BRANCH, _TAG = "refs/heads/", "refs/tags/"


class Forged(Exception):
    """The call does not prove who sends it."""


class Unreadable(Exception):
    """The call is theirs, and makes no sense; the text says why."""


@dataclass(frozen=True)
class Call:
    """A call as it came. Names of `headers` are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    received: datetime

    @property
    def digest(self) -> str:
        """The same for the same call again."""
        stamp = self.headers.get("x-portside-timestamp", "")
        return hashlib.sha256(stamp.encode() + b"." + self.body).hexdigest()


@dataclass(frozen=True)
class Push:
    """A branch or tag of a repository that has moved."""

    ref: str
    is_default: bool


@dataclass(frozen=True)
class Images:
    """Repositories of a registry that something was pushed to."""

    repositories: frozenset[str]


@dataclass(frozen=True)
class Wish:
    """Somebody wants it run."""


Event = Push | Images | Wish | None


def read(sender: Sender, secret: str, call: Call) -> Event:
    """What the call is about; None for nothing of interest. Raises Forged and Unreadable."""
    if not _PROOFS[sender](secret, call):
        raise Forged
    if sender is Sender.GENERIC:
        return Wish()
    try:
        said = json.loads(call.body)
    except ValueError as error:
        raise Unreadable(f"the body is no JSON: {error}") from error
    if not isinstance(said, dict):
        raise Unreadable("the body is no JSON object")
    return _images(said) if sender is Sender.REGISTRY else _push(said)


def signature(secret: str, data: bytes) -> str:
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()


def _signed_by_github(secret: str, call: Call) -> bool:
    return _same(call.headers.get("x-hub-signature-256", ""), f"sha256={signature(secret, call.body)}")


def _signed_by_gitea(secret: str, call: Call) -> bool:
    return _same(call.headers.get("x-gitea-signature", ""), signature(secret, call.body))


def _sent_by_gitlab(secret: str, call: Call) -> bool:
    return _same(call.headers.get("x-gitlab-token", ""), secret)


def _sent_by_a_registry(secret: str, call: Call) -> bool:
    return _same(call.headers.get("authorization", ""), f"Bearer {secret}")


def _signed_by_others(secret: str, call: Call) -> bool:
    """The time is signed too, so that an old call is of no use to who has heard it."""
    stamp = call.headers.get("x-portside-timestamp", "")
    if not stamp.isdecimal() or abs(int(stamp[:15]) - call.received.timestamp()) > WINDOW:
        return False
    proof = signature(secret, stamp.encode() + b"." + call.body)
    return _same(call.headers.get("x-portside-signature", ""), f"sha256={proof}")


def _same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode(), expected.encode())


def _push(said: dict[str, Any]) -> Push | None:
    """GitHub, Gitea and GitLab say it alike. A branch that was removed (`after` is zeros) is nothing to build."""
    ref, after = str(said.get("ref", "")), str(said.get("after", ""))
    if not ref.startswith((_BRANCH, _TAG)) or not after.strip("0"):
        return None
    name = ref.removeprefix(_BRANCH).removeprefix(_TAG)
    place = said.get("repository") or {}
    main = (said.get("project") or {}).get("default_branch") or (
        place.get("default_branch") if isinstance(place, dict) else ""
    )
    return Push(name, is_default=ref == f"{_BRANCH}{main}")


def _images(said: dict[str, Any]) -> Images | None:
    """The notifications of distribution/distribution: a push of a manifest has a tag, one of a layer has none."""
    events = said.get("events")
    targets = [
        event["target"]
        for event in (events if isinstance(events, list) else ())
        if isinstance(event, dict) and event.get("action") == "push" and isinstance(event.get("target"), dict)
    ]
    found = frozenset(str(target.get("repository", "")) for target in targets if target.get("tag"))
    return Images(found) if found else None


_PROOFS: Final[Mapping[Sender, Callable[[str, Call], bool]]] = {
    Sender.GITHUB: _signed_by_github,
    Sender.GITLAB: _sent_by_gitlab,
    Sender.GITEA: _signed_by_gitea,
    Sender.REGISTRY: _sent_by_a_registry,
    Sender.GENERIC: _signed_by_others,
}
