"""Sudo mode: who gives power to others has to show anew that it is they who sit there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

V = TypeVar("V", bound=Callable[..., Any])


def sudo(entrance: str) -> Callable[[V], V]:
    """Ask for the password (or a key), unless that was done within ACCOUNT_REAUTHENTICATION_TIMEOUT.

    A page is shown afterwards. What was sent is not kept: it would be carried out by a request that no rule has seen;
    whoever sent it begins again at the page named `entrance`.
    """

    def declare(view: V) -> V:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **parts: Any) -> Any:
            try:
                _check(request)
            except ReauthenticationRequired:
                if request.method == "GET":
                    raise
                return HttpResponseRedirect(reverse(entrance))
            return view(request, *args, **parts)

        return cast("V", asked)

    return declare


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def _check(_request: HttpRequest) -> None:
    """Raises ReauthenticationRequired."""
