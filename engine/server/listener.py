"""The engine's door: the unix socket that the API is served on.

Who may open the socket may do anything: its mode and group are the whole access control. There is no listener on TCP:
`engine.door` is one, in a process of its own, for clients with a certificate.
"""

import asyncio
import grp
import os
import socket
from functools import partial
from pathlib import Path
from typing import Final, cast

import structlog
from aiohttp import web

from engine.server.connection import Connection

log = structlog.get_logger(__name__)

#: Connections that may wait to be accepted while the loop is busy with others.
_BACKLOG: Final = 1024
#: Bytes of a request's body that are taken in before anybody asks for them: archives come by the gigabyte, and each
#: time that the client is kept waiting costs two turns of the loop.
_READ_AHEAD: Final = 1 << 20
#: Bytes of a request's first line, and of each header, as in Go's server: a build's arguments stand in its query.
_HEAD_LIMIT: Final = 1 << 20
#: Seconds that requests in progress have to end when the engine goes down; streams are cut then.
_SHUTDOWN_TIMEOUT: Final = 5.0


class Listener:
    """Serves one application on one unix socket.

    `await listener.start()` returns when clients can connect; `await listener.close()` when all of them are gone.
    """

    def __init__(self, app: web.Application, path: Path, group: str) -> None:
        self._path = path
        self._group = group
        self._runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_TIMEOUT)
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        listening = _bind(self._path, self._group)
        # Without access log: formatting one line costs as much as a small request.
        connect = partial(
            Connection,
            cast(web.Server, self._runner.server),
            loop=loop,
            access_log=None,
            tcp_keepalive=False,
            read_bufsize=_READ_AHEAD,
            max_line_size=_HEAD_LIMIT,
            max_field_size=_HEAD_LIMIT,
        )
        self._server = await loop.create_unix_server(connect, sock=listening, backlog=_BACKLOG)

    async def close(self) -> None:
        self._path.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()


def _bind(path: Path, group: str) -> socket.socket:
    """A listening socket at `path`, mode 0660 and `group`'s from the first instant that it can be found there.

    It takes the place of one that a killed engine left (the caller knows that no other engine lives).
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.new")
    staged.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    listening.bind(str(staged))
    os.chown(staged, -1, _group_id(group))
    staged.chmod(0o660)
    staged.replace(path)
    return listening


def _group_id(group: str) -> int:
    """The group's number; root's own group where it does not exist: then only root can connect."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        log.warning("no such group: only root can use the socket", group=group)
        return os.getgid()
