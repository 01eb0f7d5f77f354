"""Which containers are to be made anew."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from dashboard.access.policy import DOCKER_HUB, Policy
from dashboard.jobs.params.redeploy import RedeployParams
from workers.push import split

#: What an engine shows of every container, and is nobody's wish; the host's cgroups are what all see in version 1.
_USUAL: Final = {"Runtime": ("", "runc"), "CgroupParent": ("", "docker"), "CgroupnsMode": ("", "host")}
_MASKS: Final = ("MaskedPaths", "ReadonlyPaths")


async def choose(docker: Docker, params: RedeployParams) -> tuple[dict[str, str], dict[str, str]]:
    """Names by IDs of those to be replaced; reasons by names for those that stay as they are. Raises DockerError."""
    images = {_full(name): (await docker.images.inspect(quote(name, safe="")))["Id"] for name in params.references}
    todo: dict[str, str] = {}
    left: dict[str, str] = {}
    for container in await docker.containers.list():
        shown = await _shown(docker, container.id)
        if shown is None or shown["Image"] == images.get(_full(shown["Config"]["Image"]), shown["Image"]):
            continue
        name = shown["Name"].removeprefix("/")
        if why := _why_not(shown, params):
            left[name] = why
        else:
            todo[shown["Id"]] = name
    return todo, left


def _why_not(shown: Mapping[str, Any], params: RedeployParams) -> str:
    host = shown["HostConfig"]
    if host.get("AutoRemove"):
        return "it removes itself when it stops, so there would be no way back"
    if params.privileged:
        return ""
    return "; ".join(_openings(host))


def _openings(host: Mapping[str, Any]) -> list[str]:
    """What of it is root on the host. Paths that are masked, as they usually are, open nothing; unmasked ones do."""
    asked = {name: value for name, value in host.items() if value not in _USUAL.get(name, ()) and name not in _MASKS}
    bare = [f"{name} is empty" for name in _MASKS if host.get(name) == []]
    return [*bare, *Policy().of_container({"HostConfig": asked})]


async def _shown(docker: Docker, container: str) -> dict[str, Any] | None:
    """None for one that has gone since it was listed."""
    try:
        return dict(await docker.containers.container(container).show())
    except DockerError as error:
        if error.status != 404:
            raise
        return None


def _full(reference: str) -> str:
    """A name with all that is left out of it for short."""
    if "@" in reference:
        return reference
    repository, tag = split(reference)
    first, slash, _rest = repository.partition("/")
    if not slash:
        repository = f"{DOCKER_HUB}/library/{repository}"
    elif not ("." in first or ":" in first or first == "localhost"):
        repository = f"{DOCKER_HUB}/{repository}"
    return f"{repository}:{tag}"
