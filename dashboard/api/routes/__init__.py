"""The operations, one noun a file."""

from typing import Final

from dashboard.api.room import Room
from dashboard.api.routes import archives, builds, containers, hosts, images, jobs, networks, schedules, tokens, volumes

ROOMS: Final[tuple[Room, ...]] = (
    jobs.room,
    archives.room,
    builds.room,
    schedules.room,
    containers.room,
    images.room,
    networks.room,
    volumes.room,
    hosts.room,
    tokens.room,
)
