"""A volume under a real container: what it tells of it, and what becomes of it."""

import time

import pytest

from tests.support.engine import EngineProcess

FORMAT = '{{.Action}} {{index .Actor.Attributes "destination"}} {{index .Actor.Attributes "read/write"}}'


@pytest.mark.root
def test_container_tells_of_its_volumes(engine: EngineProcess, busybox: str):
    docker = engine.docker
    docker("pull", "-q", busybox)
    began = f"{time.time():.9f}"
    docker("run", "--rm", "-v", "mounted:/d:ro", "-v", "/anon", busybox, "true")
    until = f"{time.time():.9f}"
    told = docker("events", "--since", began, "--until", until, "--filter", "type=volume", "--format", FORMAT)
    assert sorted(line.strip() for line in str(told).splitlines()) == [
        "create",
        "create",
        "destroy",
        "mount /anon true",
        "mount /d false",
        "unmount",
        "unmount",
    ]
    docker("volume", "rm", "mounted")
