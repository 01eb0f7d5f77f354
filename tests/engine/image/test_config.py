import json
from typing import Any

import pytest

from engine.errors import InvalidParameter
from engine.image.config import parse_config, unix_time

ROOTFS = {"type": "layers", "diff_ids": ["sha256:" + "a" * 64]}


def test_a_config_of_dockers_making() -> None:
    raw = {
        "architecture": "arm",
        "variant": "v7",
        "os": "linux",
        "os.version": "1",
        "config": {
            "Hostname": "", "Env": None, "Cmd": ["sh"], "Entrypoint": None, "Volumes": {"/data": {}}, "Labels": None,
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30_000_000_000}, "OnBuild": [], "StopSignal": "9",
        },
        "container_config": {"anything": 1},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "x", "empty_layer": True}],
        "rootfs": ROOTFS,
    }  # fmt: skip
    config = parse_config(json.dumps(raw).encode())
    assert (config.architecture, config.variant, config.os_version) == ("arm", "v7", "1")
    assert config.config is not None
    assert config.config.cmd == ["sh"]
    assert config.config.healthcheck is not None
    assert config.config.healthcheck.interval == 30_000_000_000
    assert config.history is not None
    assert config.history[0].empty_layer


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"rootfs": None},
        {"rootfs": {"type": "base", "diff_ids": []}},
        {"rootfs": {"type": "layers", "diff_ids": ["sha256:../x"]}},
        {"rootfs": ROOTFS, "config": {"Env": "A=1"}},
        {"rootfs": ROOTFS, "config": {"Cmd": [1]}},
        {"rootfs": ROOTFS, "history": {}},
        [],
    ],
)
def test_what_is_no_config(raw: Any) -> None:
    with pytest.raises(InvalidParameter):
        parse_config(json.dumps(raw).encode())


def test_deep_and_broken_json() -> None:
    for raw in (b"", b"\xff", b"[" * 100_000, b'{"rootfs":' * 100_000):
        with pytest.raises(InvalidParameter):
            parse_config(raw)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("2024-01-01T00:00:00.123456789Z", 1704067200),
        ("2024-01-01T02:00:00+02:00", 1704067200),
        ("0001-01-01T00:00:00Z", -62135596800),
        ("2024-01-01T00:00:00", 1704067200),
        ("yesterday", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_times(text: str | None, seconds: int) -> None:
    assert unix_time(text) == seconds
