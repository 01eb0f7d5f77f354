"""The socket that keeps a page's statuses true."""

import json
from typing import Any

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.access.sockets import NOT_FOUND, SignedInConsumer
from dashboard.hosts.models import Host


class ChangesConsumer(SignedInConsumer):
    """Sends each Change of one host as JSON. It reads nothing."""

    need = Need(Permission.SEE, is_for_parts=True)

    host: Host | None = None

    async def connect(self) -> None:
        self.host = await Host.objects.filter(name=self.scope["url_route"]["kwargs"]["host"]).afirst()
        if self.host is None:
            await self.close(code=NOT_FOUND)
            return
        await self.channel_layer.group_add(self.host.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.host is not None:
            await self.channel_layer.group_discard(self.host.group, self.channel_name)

    async def host_change(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message["change"]))
