"""Terminals to be shown: one's own, or all for those who manage the console."""

from django.db.models import Q, QuerySet

from dashboard.access.permissions import Permission
from dashboard.access.rights import Rights
from dashboard.accounts.models import User
from dashboard.terminal.models import Terminal


def visible_to(user: User, rights: Rights) -> QuerySet[Terminal]:
    """Those that `user` may see in the list: who had what, when, and what became of it."""
    found = Terminal.objects.select_related("host", "owner")
    return found if Permission.MANAGE in rights.everywhere else found.filter(owner=user)


def own_in(user: User, host: str, container: str) -> QuerySet[Terminal]:
    """The user's live terminals in a container, by its name, ID or a beginning of that; the oldest first."""
    mine = Terminal.live.filter(owner=user, host__name=host, doomed=None).order_by("started")
    return mine.filter(Q(container_name=container) | Q(container__startswith=container))
