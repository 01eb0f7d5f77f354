"""All of the API is answered: served, or named as not supported."""

import re
from pathlib import Path

import pytest
import yaml

from engine.server.app import TABLES
from engine.server.unsupported import UNSUPPORTED
from tests.engine.server.conftest import Serve

#: The API's description is not part of the repository; where a checkout has it beside itself, it is looked at.
DESCRIPTION = Path(__file__).parents[4] / "shared/reference/docker-engine-api-v1.48.yaml"


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("POST", "/plugins/vieux/sshfs:latest/enable", "plugins"),
        ("GET", "/nodes", "swarm mode"),
        ("POST", "/swarm/init", "swarm mode"),
    ],
)
async def test_what_is_missing_is_named(serve: Serve, method: str, path: str, what: str):
    api = await serve()
    bare = path.partition("?")[0]
    assert await api.call(method, path) == (501, {"message": f"not supported by this engine: {what} ({method} {bare})"})


def _pattern(path: str) -> re.Pattern[str]:
    """A route's path as an expression for the description's paths, whose own `{name}`s stand as they are."""
    return re.compile("".join(_part(part) for part in re.split(r"(\{[^{}]*\})", path)))


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    choice = part.strip("{}").partition(":")[2]
    return f"(?:{choice})" if "|" in choice else r"\{[a-z]+\}"


def test_nothing_is_both_served_and_unsupported():
    served = [(route.method, route.path) for table in TABLES for route in table]  # type: ignore[attr-defined]
    assert len(served) == len(set(served))
    assert {(method, path) for method, path, _ in UNSUPPORTED} <= set(served)


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="the API's description is not beside this checkout")
def test_all_of_the_description_is_answered():
    described = yaml.safe_load(DESCRIPTION.read_text())["paths"]
    answered = [(route.method, _pattern(route.path)) for table in TABLES for route in table]  # type: ignore[attr-defined]
    missing = [
        f"{method.upper()} {path}"
        for path, methods in described.items()
        for method in methods
        if not any(method.upper() == each and pattern.fullmatch(path) for each, pattern in answered)
    ]
    assert missing == []
