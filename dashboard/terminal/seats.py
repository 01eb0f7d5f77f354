"""How many terminals one user may have open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.utils.translation import gettext as _

from dashboard.terminal.protocol import Reason
from dashboard.terminal.refusal import Refused

SEATS_PER_USER: Final = 16


class Seats:
    """Counts this web process's terminals by user: a terminal lives and dies with the process that serves it."""

    def __init__(self, limit: int = SEATS_PER_USER) -> None:
        self._limit = limit
        self._taken: Counter[Any] = Counter()

    @contextmanager
    def taken(self, user: Any) -> Iterator[None]:
        """A seat of `user` (a primary key) for the length of the block; raises Refused when all are taken."""
        if self._taken[user] >= self._limit:
            text = _("%(limit)d terminals are open already; close one first") % {"limit": self._limit}
            raise Refused(Reason.TOO_MANY, text)
        self._taken[user] += 1
        try:
            yield
        finally:
            self._taken[user] -= 1
            if not self._taken[user]:
                del self._taken[user]
