from pathlib import Path

import pytest

from engine.errors import InvalidParameter
from engine.volume.record import ANONYMOUS_LABEL, Volume, VolumeRecord, check_name


def test_docker_shape():
    record = VolumeRecord(name="data", created=1136214245_999999999, labels={"a": "b"})
    assert Volume(record, Path("/h/volumes/data/_data")).to_json() == {
        "CreatedAt": "2006-01-02T15:04:05Z",
        "Driver": "local",
        "Labels": {"a": "b"},
        "Mountpoint": "/h/volumes/data/_data",
        "Name": "data",
        "Options": None,
        "Scope": "local",
    }


def test_anonymous():
    assert VolumeRecord(name="data", created=0, labels={ANONYMOUS_LABEL: ""}).is_anonymous
    assert not VolumeRecord(name="data", created=0).is_anonymous


@pytest.mark.parametrize("name", ["ab", "Data-1.x_y", "a" * 255])
def test_good_names(name: str):
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "a", "..", "../x", "/etc", ".trash", "a/b", "a\nb", "ab\n", "a\0b", "ä1", "-a", "a b", "a" * 256]
)
def test_bad_names(name: str):
    with pytest.raises(InvalidParameter, match=r"^create "):
        check_name(name)
