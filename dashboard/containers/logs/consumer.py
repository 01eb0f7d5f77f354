"""The socket that follows a container's log."""

import json
from typing import Any

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.containers.logs.lines import Line, LineReader
from dashboard.containers.logs.query import LogQuery
from dashboard.hosts.client import engine, stream
from dashboard.hosts.following import FollowingConsumer
from dashboard.hosts.models import Host


class LogsConsumer(FollowingConsumer):
    """Sends `{"lines": [[stream, time, text], …]}` and, when the container has ended, closes normally."""

    need = Need(Permission.LOGS)

    def understand(self, query: bytes) -> LogQuery:
        return LogQuery.from_string(query)

    async def follow(self, host: Host, parts: dict[str, Any], asked: LogQuery) -> None:
        container = parts["container"]
        async with engine(host) as docker:
            shown = await docker.containers.container(container).show()
            reader = LineReader(has_tty=bool(shown["Config"]["Tty"]))
            async with stream(docker, f"containers/{container}/logs", asked.params()) as body:
                async for chunk in body.iter_any():
                    await self._tell(reader.feed(chunk))
            await self._tell(reader.close())

    async def _tell(self, lines: list[Line]) -> None:
        if lines:
            entries = [[line.stream, line.time, line.text] for line in lines]
            await self.send(text_data=json.dumps({"lines": entries}, ensure_ascii=False))
