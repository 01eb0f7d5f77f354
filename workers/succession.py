"""One container takes the place of another. Each step looks first whether it was done before."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from workers.recreation import Recreation, recreation
from workers.requests import request

#: The label of a container that took another's place; its value is the job, a dot and the old one's ID.
LABEL: Final = "portside.redeployed"
#: Seconds between two looks at a container's state.
PAUSE: Final = 0.25
#: Lines of a bad container's log that are shown.
LINES: Final = 20


class Unfit(Exception):
    """The new container is no good; the text says why, `log` are its last words."""

    def __init__(self, why: str, log: list[str] | None = None) -> None:
        super().__init__(why)
        self.log = log or []


class Succession:
    """From the container `old` to one under the same `name`. Raises DockerError for what the engine refuses."""

    def __init__(self, docker: Docker, job: UUID, old: str, name: str) -> None:
        self._docker = docker
        self._old = old
        self._name = name
        self._label = f"{job}.{old}"

    async def go_on(self, patience: float, settling: float) -> str:
        """The ID of the new container, which is good. Raises Unfit for one that is not."""
        old, new = await self._show(self._old), await self._new()
        if new is None:
            if old is None:
                raise Unfit("the old container has been removed meanwhile")
            new = await self._make(old)
        if old is not None and old["State"]["Running"]:
            await self._post(f"containers/{self._old}/stop")
        try:
            await self._join_and_start(new, old)
            await self._see_it_well(new["Id"], patience, settling)
        except DockerError as error:
            raise Unfit(error.message) from error
        return str(new["Id"])

    async def finish(self) -> None:
        """Remove the old one; the volumes are the new one's now."""
        await self._remove(self._old)

    async def roll_back(self) -> bool:
        """Bring the old container back. False: there is nothing to bring back, or it never went."""
        old, new = await self._show(self._old), await self._new()
        if old is None:
            return False
        if new is not None:
            await self._remove(new["Id"])
        elif old["Name"].removeprefix("/") == self._name and old["State"]["Running"]:
            return False
        if old["Name"].removeprefix("/") != self._name:
            await self._post(f"containers/{self._old}/rename", {"name": self._name})
        await self._post(f"containers/{self._old}/start")
        return True

    async def _make(self, old: dict[str, Any]) -> dict[str, Any]:
        plan = recreation(old, await self._image_of(old))
        plan.body.setdefault("Labels", {})[LABEL] = self._label
        if old["Name"].removeprefix("/") == self._name:
            await self._post(f"containers/{self._old}/rename", {"name": f"{self._name}-{self._old[:12]}"})
        try:
            await self._docker.containers.create(plan.body, name=self._name)
        except DockerError as error:
            raise Unfit(error.message) from error
        made = await self._new()
        if made is None:
            raise Unfit("the new container was removed before it could be started")
        return made

    async def _join_and_start(self, new: dict[str, Any], old: dict[str, Any] | None) -> None:
        """In the networks that the old one was in; what has been joined or started before is left as it is."""
        if new["State"]["Status"] != "created":
            return
        plan = recreation(old, {}) if old is not None else Recreation({}, {})
        joined = new["NetworkSettings"].get("Networks") or {}
        for network, settings in plan.networks.items():
            if network not in joined:
                body = {"Container": new["Id"], "EndpointConfig": settings}
                await self._post(f"networks/{quote(network, safe='')}/connect", body=body)
        await self._post(f"containers/{new['Id']}/start")

    async def _see_it_well(self, container: str, patience: float, settling: float) -> None:
        clock = asyncio.get_running_loop()
        began = clock.time()
        while True:
            shown = await self._show(container)
            if why := _trouble(shown):
                raise Unfit(why, await self._last_words(container))
            health = (shown or {})["State"].get("Health")
            passed = clock.time() - began
            if passed >= settling if health is None else health["Status"] == "healthy":
                return
            if health is not None and passed >= patience:
                raise Unfit(f"it was not healthy within {patience:g} seconds", await self._last_words(container))
            await asyncio.sleep(PAUSE)

    async def _last_words(self, container: str) -> list[str]:
        try:
            found: list[str] = await self._docker.containers.container(container).log(
                stdout=True, stderr=True, tail=LINES
            )
        except DockerError:
            return []  # a log that can't be read says nothing; that the container is no good is said all the same
        return [line.rstrip("\n") for line in found]

    async def _image_of(self, old: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict((await self._docker.images.inspect(old["Image"]))["Config"] or {})
        except DockerError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return {}

    async def _new(self) -> dict[str, Any] | None:
        filters = json.dumps({"label": [f"{LABEL}={self._label}"]})
        for container in await self._docker.containers.list(all="true", filters=filters):
            return await self._show(container.id)
        return None

    async def _show(self, container: str) -> dict[str, Any] | None:
        try:
            return dict(await self._docker.containers.container(container).show())
        except DockerError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    async def _post(self, path: str, params: dict[str, str] | None = None, body: Any = None) -> None:
        """304, nothing to do, is as good as done."""
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        async with request(self._docker, "POST", path, params or {}, data=data, headers=headers):
            pass

    async def _remove(self, container: str) -> None:
        """Without its volumes. One that is gone is removed."""
        try:
            await self._docker.containers.container(container).delete(force=True)
        except DockerError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise


def _trouble(shown: dict[str, Any] | None) -> str:
    """What is wrong with a container that should be running; empty for nothing."""
    if shown is None:
        return "the new container was removed"
    state = shown["State"]
    if shown.get("RestartCount"):
        return f"the new container had to be restarted; its exit code was {state['ExitCode']}"
    if not state["Running"]:
        return f"the new container ended with exit code {state['ExitCode']}"
    return "the new container is unhealthy" if (state.get("Health") or {}).get("Status") == "unhealthy" else ""
