"""The networks of a build's RUN steps: a network namespace is made for the first that needs one, and used again.

Making one takes as long as a short step. What a step has run in it is gone with the step, so the next one finds it as
it was; two steps at once have one each.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.container.config import ContainerConfig, HostConfig
from engine.container.files import Files
from engine.container.lifecycle import collect
from engine.container.record import Record
from engine.errors import Forbidden, InvalidParameter, NotSupported
from engine.ids import random_id, short_id
from engine.network.service import Networks

_HOST: Final = "host"
_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step runs: a network namespace (None: the host's) under `key`, which is what the networks know."""

    key: str
    sandbox: Path | None
    mode: str

    @property
    def hostname(self) -> str:
        return short_id(self.key)


class Places:
    """The network places of one build. `close` gives all back."""

    def __init__(self, networks: Networks, files: Files, mode: str) -> None:
        self._networks = networks
        self._files = files
        self._default = _checked(networks, mode)
        self._free: dict[str, list[Place]] = {}
        self._all: list[Place] = []

    @asynccontextmanager
    async def place(self, wish: str) -> AsyncIterator[Place]:
        """A place for one step; `wish` is its `--network`: default, none or host.

        The host's network is for whoever starts the build to give, and not for a Dockerfile to take: raises Forbidden.
        """
        mode = self._default if wish == "default" else wish
        if mode == _HOST != self._default:
            raise Forbidden("RUN --network=host is not allowed in a build without --network=host (network.host)")
        free = self._free.setdefault(mode, [])
        place = free.pop() if free else await self._open(mode)
        yield place
        free.append(place)  # not after a failure: who knows what still runs in it

    def write_files(self, place: Place, record: Record) -> Path:
        """hosts, hostname and resolv.conf for a step, in a folder."""
        self._files.make_folder(record.id)
        endpoints = self._networks.endpoints_of(place.key)
        has_names = place.mode not in {_HOST, _NONE} and self._networks.resolve(place.mode).has_names
        self._files.write(record, endpoints, has_names=has_names, shares_host=place.mode == _HOST)
        return self._files.folder(record.id)

    async def close(self) -> None:
        """Give back what was opened; goes on past what fails."""
        places, self._all = self._all, []
        self._free.clear()
        await collect("closing a build's networks", *(self._networks.release(place.key) for place in places))

    async def _open(self, mode: str) -> Place:
        key = random_id()
        if mode == _HOST:
            return Place(key, None, mode)
        self._all.append(Place(key, None, mode))  # before it is there, so that a half-made one is taken away too
        network = self._networks.resolve(mode)
        await self._networks.allocate(key, network, name=f"build-{short_id(key)}")
        sandbox = await self._networks.open_sandbox(key)
        await self._networks.attach(key, self._files.name_servers(_nobody(key)))
        return Place(key, sandbox, mode)


def _checked(networks: Networks, mode: str) -> str:
    """The network that the build asks for. Raises NotFound, NotSupported."""
    if mode.startswith("container:"):
        raise NotSupported(f"a build can't join the network of a container ({mode}): name a network, none or host")
    if mode in {_HOST, _NONE}:
        return mode
    network = networks.resolve(mode)
    if network.is_host:
        raise InvalidParameter(f"network {mode} can't be used by a build")
    return network.name


def _nobody(key: str) -> Record:
    """Who asks for names from a place: any step, none of which has name servers of its own."""
    return Record(
        id=key, name=key, created=0, image_id="", image_name="", config=ContainerConfig(), host_config=HostConfig()
    )
