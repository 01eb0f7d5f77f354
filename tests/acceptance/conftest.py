"""What the acceptance tests share: the docker client on the session's engine, and images in that engine."""

import pytest

from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess


@pytest.fixture
def docker(engine: EngineProcess) -> Docker:
    return engine.docker


@pytest.fixture
def pulled_busybox(docker: Docker, busybox: str) -> str:
    docker("pull", "--quiet", busybox)
    return busybox


@pytest.fixture
def pulled_redis(docker: Docker, redis_image: str) -> str:
    docker("pull", "--quiet", redis_image)
    return redis_image
