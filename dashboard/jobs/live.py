"""What open pages are told of jobs: that one changed its state."""

import logging
from typing import Any, Final
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from dashboard.jobs.states import State

log = logging.getLogger(__name__)

#: The channel group that hears of every job.
GROUP: Final = "jobs"


def message(job: UUID, state: State) -> dict[str, Any]:
    return {"type": "job.changed", "job": {"id": str(job), "state": state}}


async def tell(job: UUID, state: State) -> None:
    """Tell the open pages. Without Redis nobody listens: they ask for all again when it is back."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await layer.group_send(GROUP, message(job, state))
    except (RedisError, OSError) as error:
        log.info("Nobody was told that job %s is %s: %s", job, state, error)
