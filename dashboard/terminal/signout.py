"""A sign-out ends the terminals that it was the last to use; `dashboard.terminal.keeper` sees to that."""

from django.http import HttpRequest

from dashboard.terminal import rows


def signed_out(sender: object, request: HttpRequest | None, **_: object) -> None:
    """Receives django.contrib.auth's signal, which comes before the session is flushed."""
    key = request.session.session_key if request is not None and hasattr(request, "session") else None
    if key:
        rows.doom(login=key)
