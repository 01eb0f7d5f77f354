"""How often somebody may ask: so many requests a minute, counted in the cache that all web processes share."""

import logging
import time
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

WINDOW: Final = 60
#: Requests a minute of one token or user: far above what a script needs that waits for answers.
REQUESTS: Final = 6000
#: Tokens that are none, a minute and address: guessing 256 bits is hopeless, and shall not fill the log either.
FAILURES: Final = 60


@dataclass(frozen=True)
class Budget:
    """What is left of `limit` in this minute, after this request."""

    limit: int
    left: int
    seconds: int

    @property
    def is_spent(self) -> bool:
        return self.left < 0


def spend(key: str, limit: int) -> Budget:
    """Count a request. Without Redis nothing is counted, and nobody is refused for that."""
    minute, passed = divmod(int(time.time()), WINDOW)
    name = f"portside.rate.{key}.{minute}"
    try:
        cache.add(name, 0, timeout=2 * WINDOW)
        count = cache.incr(name)
    except (RedisError, ValueError) as error:  # ValueError: the key was evicted in between
        log.info("A request was not counted: %s", error)
        count = 0
    return Budget(limit, limit - count, WINDOW - passed)
