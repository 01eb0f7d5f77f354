"""What is done with tokens."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.access.permissions import Permission
from dashboard.accounts.models import User
from dashboard.api.models import EVERYTHING, Token
from dashboard.api.tokens.secret import Secret

#: How exact `last_used` is: a write for every request would help nobody.
EXACTNESS: Final = timedelta(minutes=1)


class UnknownScope(ValueError):
    """A scope that is no permission's name; the text says which there are."""


def create(user: User, name: str, scopes: Iterable[str], *, expires: datetime | None = None) -> tuple[Token, str]:
    """A new token, and its secret, which cannot be had again. Raises UnknownScope."""
    secret = Secret.make()
    token = Token.objects.create(
        user=user, name=name, prefix=secret.prefix, digest=secret.digest, scopes=checked(scopes), expires=expires
    )
    return token, secret.text


def checked(scopes: Iterable[str]) -> list[str]:
    """The scopes, each once; raises UnknownScope, also where there is none."""
    wanted = list(dict.fromkeys(scopes))
    known = {EVERYTHING, *(permission.value for permission in Permission)}
    if unknown := [scope for scope in wanted if scope not in known]:
        raise UnknownScope(
            _("No such scope: %(unknown)s. There are: %(known)s")
            % {"unknown": ", ".join(unknown), "known": ", ".join(sorted(known))}
        )
    if not wanted:
        raise UnknownScope(_("A token without any scope can do nothing"))
    return wanted


def find(text: str) -> Token | None:
    """The token with this secret, if it may be used now; that it was is written down."""
    now = timezone.now()
    secret = Secret.parse(text)
    if secret is None:
        return None
    token = Token.objects.usable(now).select_related("user").filter(prefix=secret.prefix).first()
    if token is None or not secret.fits(token.digest):
        return None
    stale = Q(last_used=None) | Q(last_used__lt=now - EXACTNESS)
    if token.last_used is None or token.last_used < now - EXACTNESS:
        Token.objects.filter(stale, pk=token.pk).update(last_used=now)
    return token


def revoke(token: Token) -> None:
    """From now on it opens nothing; the row stays, for those who ask what was done with it."""
    Token.objects.filter(pk=token.pk, revoked=None).update(revoked=timezone.now())
