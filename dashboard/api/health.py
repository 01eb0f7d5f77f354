"""Whether what the console stands on is there: for probes, which sign in nowhere."""

from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

OK: Final = "ok"
FAILING: Final = "failing"
#: Seconds that Redis has for its answer: a probe does not wait longer.
PATIENCE: Final = 2.0


def check() -> dict[str, str]:
    """Each part by name: `ok` or `failing`."""
    return {"database": _told(_database()), "redis": _told(_redis())}


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    redis = Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))
    try:
        return bool(redis.ping())
    except RedisError:
        return False
    finally:
        redis.close()


def _told(is_well: bool) -> str:
    return OK if is_well else FAILING
