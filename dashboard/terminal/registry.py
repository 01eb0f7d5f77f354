"""The terminals that this web process holds itself, and how others learn that it lives."""

import secrets
from typing import Final

from django.core.cache import cache

from dashboard.terminal.held import Held

#: This process, for as long as it lives.
KEEPER: Final = secrets.token_hex(16)
#: How long a keeper that says nothing is believed to live.
ALIVE_SECONDS: Final = 60

_held: Final[dict[str, Held]] = {}


def keep(identifier: str, held: Held) -> None:
    _held[identifier] = held


def find(identifier: str) -> Held | None:
    return _held.get(identifier)


def forget(identifier: str) -> None:
    _held.pop(identifier, None)


def all_held() -> list[Held]:
    return list(_held.values())


async def say_alive() -> None:
    await cache.aset(_key(KEEPER), 1, ALIVE_SECONDS)


async def is_alive(keeper: str) -> bool:
    return keeper == KEEPER or bool(await cache.aget(_key(keeper)))


def _key(keeper: str) -> str:
    return f"terminal.keeper.{keeper}"
