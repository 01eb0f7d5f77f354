"""Who asks."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from dashboard.accounts.models import User


async def current_user(request: HttpRequest) -> User:
    """The signed-in user; raises PermissionDenied for a stranger, whom the middleware would have stopped before."""
    user = await request.auser()
    if not isinstance(user, User):
        raise PermissionDenied
    return user
