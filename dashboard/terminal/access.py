"""Who may open a terminal, and whether they still may."""

from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.access.decision import meet
from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.access.rights import arights_of
from dashboard.accounts.sockets import session_user
from dashboard.terminal.protocol import Reason
from dashboard.terminal.refusal import Refused

NEED: Final = Need(Permission.EXEC)


async def signed_in(scope: Any) -> AbstractBaseUser:
    """The user of this connection, who may use a terminal in its container.

    Raises Refused for a stranger, and once the user has signed out or lost the right; EngineFailure. Session and rights
    are loaded anew each time: a terminal outlasts the page that it was opened from, and must end with a sign-out, a
    changed password, a closed account or a role that was taken away.
    """
    user: AbstractBaseUser | None = await session_user(scope)
    if user is None:
        raise Refused(Reason.SIGNED_OUT, _("Sign in to use a terminal"))
    try:
        await meet(NEED, await arights_of(user), scope["url_route"]["kwargs"])
    except PermissionDenied as denied:
        raise Refused(Reason.FORBIDDEN, str(denied)) from denied
    except Http404 as missing:
        raise Refused(Reason.NOT_FOUND, str(missing)) from missing
    return user
