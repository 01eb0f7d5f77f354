"""OCI runtimes by name: another one than the default's, and what becomes of its containers when it is told no more."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root


@pytest.fixture
def wrapped(tmp_path: Path) -> Path:
    """runc by another name, that notes how it was called."""
    program = tmp_path / "wrapped"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\nexec {shutil.which("runc")} "$@"\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def own_engine(wrapped: Path) -> Iterator[EngineProcess]:
    engine = EngineProcess(environment={"PORTSIDE_RUNTIMES": f"logged={wrapped}"})
    engine.start()
    try:
        yield engine
    finally:
        engine.close()


def test_a_runtime_by_name(own_engine: EngineProcess, busybox: str, wrapped: Path) -> None:
    docker = own_engine.docker
    docker("pull", "--quiet", busybox)
    listed = docker("info", "--format", "{{.DefaultRuntime}} {{range $name, $_ := .Runtimes}}{{$name}} {{end}}")
    assert {"runc", "logged"} <= set(listed.split())

    unknown = docker.run("run", "--runtime", "fast", busybox, "true")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        125,
        "docker: Error response from daemon: unknown or invalid runtime name: fast",
    )
    assert docker("run", "--rm", "--runtime", "io.containerd.runc.v2", busybox, "echo", "same") == "same"
    assert not (wrapped.parent / "calls").exists()

    docker("run", "-d", "--name", "other", "--runtime", "logged", busybox, "sleep", "1000")
    assert docker("inspect", "--format", "{{.HostConfig.Runtime}}", "other") == "logged"
    assert docker("exec", "other", "echo", "in") == "in"
    calls = (wrapped.parent / "calls").read_text()
    assert " create " in calls
    assert " exec " in calls

    own_engine.kill9()
    del own_engine.environment["PORTSIDE_RUNTIMES"]
    own_engine.restart()
    assert docker("exec", "other", "echo", "still") == "still"
    docker("stop", "--time", "0", "other")
    refused = docker.run("start", "other")
    assert "unknown or invalid runtime name: logged" in refused.stderr
    docker("rm", "other")
