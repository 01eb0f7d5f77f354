"""A saved build on the stand-in's host."""

from typing import Any

import pytest

from dashboard.accounts.models import User
from dashboard.builds import saving
from dashboard.builds.definition import Definition
from dashboard.builds.models import SavedBuild
from dashboard.hosts.models import Host
from tests.support.jobs import console

__all__ = ["console"]


def definition(**fields: Any) -> Definition:
    source = {"type": "inline", "files": {"Dockerfile": "FROM busybox\n"}}
    return Definition.model_validate({"source": source, "tags": ["app:{date}-{counter}"], **fields})


@pytest.fixture
def build(local: Host, owner: User) -> SavedBuild:
    return saving.create(local, owner, "app", definition())
