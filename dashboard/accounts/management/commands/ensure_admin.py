"""`manage.py ensure_admin`: the first administrator."""

import os
import secrets
from typing import Any, Final

from django.core.management.base import BaseCommand

from dashboard.accounts.models import User

USERNAME: Final = "admin"


class Command(BaseCommand):
    help = (
        "Make the administrator 'admin' if there is none. The password is PORTSIDE_ADMIN_PASSWORD, or else a random "
        "one, printed this once. An administrator that exists is left as it is."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if User.objects.filter(username=USERNAME).exists():
            return
        given = os.environ.get("PORTSIDE_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        User.objects.create_superuser(USERNAME, password=password)
        shown = "the one in PORTSIDE_ADMIN_PASSWORD" if given else password
        self.stdout.write(f"First sign-in: user {USERNAME}, password {shown}")
