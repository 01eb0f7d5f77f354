import msgspec
import pytest

from engine.container.salvage import salvage
from engine.container.state import Status

ID = "ab" * 32


def test_what_still_stands_is_kept():
    body = msgspec.json.encode({"name": "web", "image_name": "nginx", "image_id": "sha256:1", "created": 7, "state": 3})
    record = salvage(ID, body, "why")
    assert (record.id, record.name, record.image_name, record.created) == (ID, "web", "nginx", 7)
    assert record.state.status is Status.DEAD
    assert record.state.error == "the container's record can't be read: why"
    assert msgspec.json.decode(msgspec.json.encode(record), type=type(record)) == record


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"\xff", b'{"name": "../x", "created": "y", "image_id": null}']
)
def test_of_what_says_nothing_only_the_id_is_left(body: bytes):
    record = salvage(ID, body, "why")
    assert (record.name, record.created, record.image_id) == (ID[:12], 0, "")
