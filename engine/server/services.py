"""What the route handlers work on, wired by the daemon and found under one key of the application."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from engine.build.service import Builds
from engine.config import Config
from engine.container.archive.service import Archives
from engine.container.exec import Execs
from engine.container.service import Containers
from engine.container.snapshot import Snapshots
from engine.events import EventBus
from engine.image.service import Images
from engine.network.service import Networks
from engine.registry.puller import Puller
from engine.registry.pusher import Pusher
from engine.server.system import System
from engine.volume.service import Volumes


@dataclass(frozen=True, kw_only=True)
class Services:
    """The engine's parts, each the one door to its subject. Handlers only translate between these and HTTP."""

    config: Config
    events: EventBus
    images: Images
    puller: Puller
    pusher: Pusher
    builds: Builds
    containers: Containers
    snapshots: Snapshots
    archives: Archives
    execs: Execs
    networks: Networks
    volumes: Volumes
    system: System


SERVICES: Final = web.AppKey("services", Services)


def services(request: web.Request) -> Services:
    """The engine's parts, in a handler: `services(request).images`."""
    return request.app[SERVICES]
