import pytest

from engine.errors import InvalidParameter
from engine.events import Event
from engine.server.eventfilter import EventFilter

C1 = Event("container", "start", "c1d2e3", {"name": "web", "image": "nginx:1", "tier": "front"})
EXEC = Event("container", "exec_start: sh -c true", "c1d2e3", {"name": "web", "image": "nginx:1"})
PULL = Event("image", "pull", "localhost:5000/nginx:1", {"name": "localhost:5000/nginx"})
VOLUME = Event("volume", "create", "data", {"driver": "local"})


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        ({}, [C1, EXEC, PULL, VOLUME]),
        ({"type": ["container"]}, [C1, EXEC]),
        ({"type": ["container", "volume"]}, [C1, EXEC, VOLUME]),
        ({"event": ["start"]}, [C1]),
        ({"event": ["exec_start"]}, [EXEC]),
        ({"event": ["exec_start: sh -c true"]}, [EXEC]),
        ({"event": ["start", "pull"]}, [C1, PULL]),
        ({"event": []}, []),
        ({"container": ["c1d2"]}, [C1, EXEC]),
        ({"container": ["web"]}, [C1, EXEC]),
        ({"container": ["db"]}, []),
        ({"volume": ["data"]}, [VOLUME]),
        ({"image": ["nginx:1"]}, [C1, EXEC]),
        ({"image": ["nginx"]}, [C1, EXEC]),
        ({"image": ["localhost:5000/nginx"]}, [PULL]),
        ({"label": ["tier"]}, [C1]),
        ({"label": ["tier=front"]}, [C1]),
        ({"label": ["tier=back"]}, []),
        ({"label": ["tier", "name=web"]}, [C1]),
        ({"scope": ["local"]}, [C1, EXEC, PULL, VOLUME]),
        ({"scope": ["swarm"]}, []),
        ({"type": ["container"], "event": ["pull"]}, []),
    ],
)
def test_filters(filters: dict[str, list[str]], passing: list[Event]):
    wanted = EventFilter(filters)
    assert [event for event in (C1, EXEC, PULL, VOLUME) if wanted.passes(event)] == passing


def test_unknown_filter():
    with pytest.raises(InvalidParameter) as raised:
        EventFilter({"x": ["y"]})
    assert raised.value.message == "invalid filter 'x'"
