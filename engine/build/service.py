"""Builds: the one door to making images from Dockerfiles."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AsyncExitStack
from typing import Any

from engine import tasks
from engine.build.bases import Puller
from engine.build.cache.entries import Entries
from engine.build.cache.limit import keep_within, limit_of
from engine.build.cache.mounts import CacheMounts
from engine.build.cache.prune import Pruning, prune
from engine.build.cache.records import StepRecord
from engine.build.cache.steps import StepCache
from engine.build.filework import FileWork
from engine.build.finish import Finish
from engine.build.making import Making, Tools
from engine.build.messages import Message, Messages
from engine.build.request import BuildRequest
from engine.build.run.step import StepFailed
from engine.build.state import State
from engine.build.workshop import Workshop
from engine.container.files import Files
from engine.container.hostmounts import HostMounts
from engine.container.lifecycle import Parts
from engine.errors import EngineError
from engine.image.service import Images
from engine.registry.failure import first
from engine.store import Records


class Builds:
    """All builds of this engine, and what they leave for later ones."""

    def __init__(self, parts: Parts, images: Images, puller: Puller, records: Records[StepRecord]) -> None:
        self._workshop = Workshop()
        self._finish = Finish(images)
        self._tools = Tools(
            parts=parts,
            images=images,
            puller=puller,
            files=Files(parts.config),
            host_mounts=HostMounts(parts.config.run / "mounts"),
            cache=StepCache(records, images),
            caches=CacheMounts(parts.config.home / "build" / "mounts"),
        )
        images.keep_also(self._tools.cache.needed)
        self._entries = Entries(self._tools.cache, self._tools.caches, images)
        self._limit = limit_of(parts.config)
        self._tidying: set[asyncio.Task[Any]] = set()

    async def restore(self) -> None:
        """Take away what a dead engine had half made; the rest goes with stray containers, networks and layers."""
        await asyncio.to_thread(self._tools.caches.sweep)

    async def close(self) -> None:
        await tasks.cancel_all(self._tidying)
        self._workshop.close()

    async def usage(self) -> list[dict[str, Any]]:
        """What the cache has, as Docker's BuildCache."""
        return [entry.to_json() for entry in await self._entries.all()]

    async def prune(self, wanted: Pruning) -> dict[str, Any]:
        """Remove of the cache what is wanted and no build uses; returns Docker's report. Raises InvalidParameter."""
        report = await prune(self._entries, wanted)
        self._tools.parts.events.publish("builder", "prune", "", {"reclaimed": str(report["SpaceReclaimed"])})
        return report

    async def build(self, request: BuildRequest, body: AsyncIterable[bytes]) -> AsyncGenerator[Message, None]:
        """Build an image of the context `body` (a tar); yields Docker's messages, the last of them its ID and names.

        Closing the iterator cancels the build: what runs is killed, and nothing of it stays but the steps that were
        done. Raises, before the first message or after any, whatever a step fails with; of a command that fails it
        tells in a last message.
        """
        messages = Messages(quiet=request.quiet)
        owner: set[asyncio.Task[Any]] = set()
        tasks.spawn(self._told(request, body, messages), name="build", owner=owner)
        try:
            async for message in messages:
                yield message
        finally:
            await tasks.cancel_all(owner)
            if not self._tidying:
                tidying = keep_within(self._entries, self._limit)
                tasks.spawn(tidying, name="keep the build cache within its limit", owner=self._tidying)

    async def _told(self, request: BuildRequest, body: AsyncIterable[bytes], messages: Messages) -> None:
        failure: Exception | None = EngineError("the build was cut short; the log says more")
        try:
            await self._build(request, body, messages)
            failure = None
        except StepFailed as error:
            await self._tell_of(error, messages)
            failure = None
        except EngineError as error:
            failure = error
        except OSError as error:
            failure = EngineError(f"building failed: {error}")
        finally:
            await messages.end(failure)

    async def _build(self, request: BuildRequest, body: AsyncIterable[bytes], messages: Messages) -> None:
        cache = self._tools.cache
        with cache.held() as hold:
            async with AsyncExitStack() as held:
                try:
                    state = await self._state(request, body, messages, hold=hold, held=held)
                    await self._finish.finish(request, state, messages)
                except StepFailed as error:
                    error.image = await self._kept(error)
                    raise
                finally:
                    await asyncio.shield(cache.save())

    async def _state(
        self, request: BuildRequest, body: AsyncIterable[bytes], messages: Messages, **lasting: Any
    ) -> State:
        """What the build comes to; its process, and with that the context, is gone when it has."""
        async with self._workshop.bench() as channel:
            files = FileWork(channel)
            making = Making(tools=self._tools, request=request, messages=messages, files=files, **lasting)
            try:
                return await making.run(body)
            except (
                ExceptionGroup
            ) as group:  # of stages that were built side by side: the others ended for the first's sake
                raise first(group) from None

    async def _kept(self, error: StepFailed) -> str:
        """The ID of an image with the files of the step that failed, where they were kept."""
        if error.kept is None:
            return ""
        state, layer = error.kept
        return await self._finish.image(state.failed(layer))

    async def _tell_of(self, error: StepFailed, messages: Messages) -> None:
        if error.image:
            await messages.conclude({"aux": {"FailedStep": {"Image": error.image, "ExitCode": error.code}}})
        detail = {"code": error.code, "message": error.message}
        await messages.conclude({"errorDetail": detail, "error": error.message})
