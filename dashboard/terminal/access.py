"""Who may open a terminal, and whether they still may."""

from typing import Any

from channels.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from dashboard.terminal.protocol import Reason
from dashboard.terminal.refusal import Refused


async def signed_in(scope: Any) -> AbstractBaseUser:
    """The user of this connection; raises Refused for a stranger, and once the user has signed out.

    The session is loaded anew each time: a terminal outlasts the page that it was opened from, and must end with a
    sign-out, a changed password or a closed account.
    """
    session: SessionBase = scope["session"]
    # Not type(session): channels hands out a lazy stand-in, whose __class__ is the store's.
    fresh: Any = {"session": session.__class__(session.session_key)}
    user: Any = await get_user(fresh)
    if not user.is_authenticated or not user.is_active:
        raise Refused(Reason.SIGNED_OUT, _("Sign in to use a terminal"))
    signed: AbstractBaseUser = user
    return signed
