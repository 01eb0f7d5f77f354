import pytest

from engine.errors import InvalidParameter
from engine.network.filters import prunable, select
from engine.network.records import Network

NETWORKS = (
    Network("ab" * 32, "bridge", "bridge", 1),
    Network("cd" * 32, "host", "host", 2),
    Network("ef" * 32, "bridges", "bridge", 3, {"team": "blue"}),
)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["bridge", "host", "bridges"]),
        ({"name": ["bridge"]}, ["bridge", "bridges"]),
        ({"name": ["^bridge$"]}, ["bridge"]),
        ({"name": ["idge$"]}, ["bridge"]),
        ({"name": ["^host", "^bridges"]}, ["host", "bridges"]),
        ({"id": ["cdcd"]}, ["host"]),
        ({"driver": ["bridge"]}, ["bridge", "bridges"]),
        ({"driver": ["bridge"], "type": ["custom"]}, ["bridges"]),
        ({"type": ["builtin"]}, ["bridge", "host"]),
        ({"scope": ["swarm"]}, []),
        ({"label": ["team"]}, ["bridges"]),
        ({"label": ["team=blue", "team=red"]}, []),
        ({"dangling": ["true"]}, ["bridges"]),
        ({"dangling": ["0"]}, ["bridge", "host"]),
    ],
)
def test_what_passes(filters: dict[str, list[str]], names: list[str]) -> None:
    assert [network.name for network in select(NETWORKS, filters, in_use=())] == names


@pytest.mark.parametrize("filters", [{"colour": ["red"]}, {"type": ["any"]}, {"dangling": ["maybe"]}])
def test_what_is_no_filter(filters: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidParameter, match="invalid filter"):
        select(NETWORKS, filters, in_use=())


def test_a_prune_has_its_own() -> None:
    assert prunable(NETWORKS, {"until": ["1h"]}, ()) == [NETWORKS[2]]
    assert prunable(NETWORKS, {"until": ["1970-01-01T00:00:00Z"]}, ()) == []
    assert prunable(NETWORKS, {"label!": ["team"]}, ()) == []
    assert prunable(NETWORKS, {"label": ["team=blue"]}, {NETWORKS[2].id}) == []
    with pytest.raises(InvalidParameter, match="until=yesterday"):
        prunable(NETWORKS, {"until": ["yesterday"]}, ())
    with pytest.raises(InvalidParameter, match="invalid filter 'name'"):
        prunable([], {"name": ["x"]}, ())
