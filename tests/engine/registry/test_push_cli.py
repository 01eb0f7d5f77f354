"""`docker push`, `login`, `pull -a` and `search` with the real client and the real registry."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.dockerd import Dockerd, is_present
from tests.support.engine import EngineProcess
from tests.support.registry import PASSWORD, USER, Registry

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def guarded() -> Iterator[Registry]:
    with Registry(guarded=True) as started:
        yield started


def _digest(reference: str) -> str:
    argv = ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{reference}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("fixture", ["busybox", "redis_image"], ids=["schema 2", "OCI"])
def test_an_unchanged_image_keeps_its_digest(
    engine: EngineProcess, registry: Registry, fixture: str, request: pytest.FixtureRequest
) -> None:
    pulled = request.getfixturevalue(fixture)
    copy = f"{registry.host}/copies/{fixture}:again"
    engine.docker("pull", "--quiet", pulled)
    engine.docker("tag", pulled, copy)
    said = engine.docker("push", copy)
    digest = _digest(pulled)
    assert _digest(copy) == digest
    assert "Mounted from" in said
    assert f"again: digest: {digest} size: " in said.splitlines()[-1]
    names = json.loads(engine.docker("inspect", "--format", "{{json .RepoDigests}}", copy))
    assert f"{copy.rpartition(':')[0]}@{digest}" in names
    assert "Layer already exists" in engine.docker("push", copy)
    engine.docker("rmi", "--force", pulled, copy)


def test_another_registry_gets_the_same_image(
    engine: EngineProcess, guarded: Registry, redis_image: str, busybox: str
) -> None:
    """Signed in, all tags at once, from one registry to another; others pull what came there."""
    there = f"{guarded.host}/team/app"
    for tag, image in (("small", busybox), ("large", redis_image)):
        engine.docker("pull", "--quiet", image)
        engine.docker("tag", image, f"{there}:{tag}")
    refused = engine.docker.run("push", f"{there}:small")
    assert refused.returncode != 0
    assert refused.stderr.strip().splitlines()[-1] in {
        "no basic auth credentials",
        "unauthorized: authentication required",
    }
    wrong = engine.docker.run("login", "--username", USER, "--password", "wrong", guarded.host)
    assert "401 Unauthorized" in wrong.stderr
    assert "Login Succeeded" in engine.docker("login", "--username", USER, "--password", PASSWORD, guarded.host)
    said = engine.docker("push", "--all-tags", there)
    assert "Pushed" in said
    digests = {tag: line.split()[2] for line in said.splitlines() for tag in ("small", "large") if line.startswith(tag)}
    assert digests == {"small": _digest(busybox), "large": _digest(redis_image)}
    engine.docker("rmi", "--force", busybox, redis_image, f"{there}:small", f"{there}:large")
    engine.docker("pull", "--quiet", "--all-tags", there)
    assert sorted(engine.docker("images", "--format", "{{.Tag}}", there).split()) == ["large", "small"]
    manifest = json.loads(engine.docker("manifest", "inspect", "--insecure", f"{there}:small"))
    assert manifest["schemaVersion"] == 2
    engine.docker("rmi", "--force", f"{there}:small", f"{there}:large")
    engine.docker("logout", guarded.host)


@pytest.mark.skipif(not is_present(), reason="needs a dockerd to compare with")
def test_dockerd_takes_what_was_pushed(engine: EngineProcess, registry: Registry, redis_image: str) -> None:
    copy = f"{registry.host}/for-dockerd:1"
    engine.docker("pull", "--quiet", redis_image)
    engine.docker("tag", redis_image, copy)
    engine.docker("push", "--quiet", copy)
    image_id = engine.docker("inspect", "--format", "{{.Id}}", copy)
    with Dockerd(reaching=True) as dockerd:
        dockerd.docker("pull", "--quiet", copy, timeout=120)
        assert dockerd.docker("inspect", "--format", "{{.Id}}", copy) == image_id
    engine.docker("rmi", "--force", redis_image, copy)


def test_what_can_not_be_pushed(engine: EngineProcess, registry: Registry, busybox: str) -> None:
    here = f"{registry.host}/nothing"
    assert engine.docker.run("push", here).stderr.strip() == (f"An image does not exist locally with the tag: {here}")
    engine.docker("pull", "--quiet", busybox)
    repository = busybox.rpartition(":")[0]
    assert engine.docker.run("push", f"{repository}:none").stderr.strip() == f"tag does not exist: {repository}:none"
    engine.docker("rmi", busybox)


def test_what_a_registry_says_of_an_image(engine: EngineProcess, busybox: str, registry: Registry) -> None:
    found = engine.docker.run("search", f"{registry.host}/busybox")
    assert "has no search" in found.stderr


def test_an_image_that_is_up_to_date_costs_one_question(
    engine: EngineProcess, registry: Registry, busybox: str
) -> None:
    engine.docker("pull", "--quiet", busybox)
    before = registry.log.read_text().count('"GET /v2/')
    assert "Status: Image is up to date" in engine.docker("pull", busybox)
    engine.docker("rmi", busybox)
    assert registry.log.read_text().count('"GET /v2/') == before > 0
    assert '"HEAD /v2/busybox/manifests/latest' in registry.log.read_text()
