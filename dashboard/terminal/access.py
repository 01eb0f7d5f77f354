"""Who may open a terminal, take one up again or join one, and whether they still may."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.access.decision import meet
from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.access.rights import arights_of
from dashboard.access.sockets import session_user
from dashboard.accounts.models import User
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Reason
from dashboard.terminal.refusal import Refused

NEED: Final = Need(Permission.EXEC)
#: Between two looks at whether a user may go on. Terminals of one sign-in in one container share a look.
CHECK_SECONDS: Final = 2.5
_SALT: Final = "dashboard.terminal.share"


@dataclass(frozen=True)
class Pass:
    """What one connection may do: type, and (`owns`) end the terminal, share it, have it recorded."""

    types: bool = True
    owns: bool = True


async def signed_in(scope: Any) -> User:
    """The user of this connection; raises Refused for a stranger, and once the user has signed out.

    The session is loaded anew each time: a terminal outlasts the page that it was opened from, and must end with a
    sign-out, a changed password or a closed account.
    """
    user: User | None = await session_user(scope)
    if user is None:
        raise Refused(Reason.SIGNED_OUT, _("Sign in to use a terminal"))
    return user


async def permitted(user: User, host: str, container: str) -> str:
    """The container's full ID where a project's right is what permits it, else its name as it is.

    Raises Refused where `user` may not execute anything there, EngineFailure when the engine can't be asked."""
    parts = {"host": host, "container": container}
    try:
        await meet(NEED, await arights_of(user), parts)
    except PermissionDenied as error:
        raise Refused(Reason.FORBIDDEN, str(error)) from error
    except Http404 as error:
        raise Refused(Reason.NOT_FOUND, str(error)) from error
    return parts["container"]


async def pass_for(user: User, terminal: Terminal, ticket: str) -> Pass:
    """What `user` may do in `terminal`; raises Refused where it is another's, and no valid link was given."""
    if terminal.owner_id == user.pk:
        return Pass()
    rights = await arights_of(user)
    if Permission.MANAGE in rights.everywhere:
        return Pass()
    if not ticket:
        raise Refused(Reason.FORBIDDEN, _("This terminal is another user's"))
    shared = read_ticket(ticket)
    if shared.terminal != terminal.pk or shared.epoch != terminal.share_epoch:
        raise Refused(Reason.FORBIDDEN, _("This terminal is not shared by this link any more"))
    return Pass(types=shared.types, owns=False)


@dataclass(frozen=True)
class Ticket:
    """What a link to a shared terminal says: whose it is, whether one may type, and of which making it is."""

    terminal: str
    types: bool
    epoch: int


def make_ticket(terminal: Terminal, *, types: bool) -> str:
    """Signed, and good for a while; it opens nothing to those who are not signed in or have no right of their own."""
    return signing.dumps([terminal.pk, types, terminal.share_epoch], salt=_SALT)


def read_ticket(text: str) -> Ticket:
    """Raises Refused for one that is not ours, or too old."""
    try:
        terminal, types, epoch = signing.loads(text, salt=_SALT, max_age=settings.TERMINAL_LIMITS.share)
    except signing.SignatureExpired:
        raise Refused(Reason.FORBIDDEN, _("This link has expired: ask for a new one")) from None
    except (signing.BadSignature, ValueError):
        raise Refused(Reason.FORBIDDEN, _("This link is not valid")) from None
    return Ticket(str(terminal), bool(types), int(epoch))


class Looks:
    """Looks at whether users may go on, shared by the terminals of one sign-in in one container."""

    def __init__(self, seconds: float = CHECK_SECONDS) -> None:
        self._seconds = seconds
        self._latest: dict[tuple[str, str, str], tuple[float, asyncio.Task[None]]] = {}

    async def look(self, scope: Any, host: str, container: str) -> None:
        """Raises Refused once the user of this connection may not use a terminal there any more."""
        key = (str(scope["session"].session_key), host, container)
        since, task = self._latest.get(key, (0.0, None))
        if task is None or monotonic() - since > self._seconds / 2:
            self._forget_old()
            task = asyncio.get_running_loop().create_task(_look(scope, host, container), name=f"look at {host}")
            self._latest[key] = (monotonic(), task)
        await asyncio.shield(task)

    def _forget_old(self) -> None:
        horizon = monotonic() - 2 * self._seconds
        self._latest = {key: found for key, found in self._latest.items() if found[0] > horizon}


async def _look(scope: Any, host: str, container: str) -> None:
    await permitted(await signed_in(scope), host, container)
