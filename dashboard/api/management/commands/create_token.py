"""`manage.py create_token`: a token for the REST API."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dashboard.accounts.models import User
from dashboard.api.tokens import actions


class Command(BaseCommand):
    help = (
        "Make a token for the REST API and print it, this once, on standard output. Scopes are names of permissions, "
        "separated by commas; '*' stands for all. A token never does more than its user may."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="whose rights it has")
        parser.add_argument("--name", required=True, help="what it is for")
        parser.add_argument("--scopes", required=True, help="such as 'see,logs,run', or '*'")
        parser.add_argument("--days", type=int, help="how long it lasts (default: until it is revoked)")

    def handle(self, *_args: Any, **options: Any) -> None:
        scopes = [scope for scope in (part.strip() for part in options["scopes"].split(",")) if scope]
        try:
            user = User.objects.get(username=options["user"])
            token, text = actions.create(user, options["name"], scopes, expires=_expiry(options["days"]))
        except User.DoesNotExist:
            raise CommandError(f"There is no user {options['user']!r}") from None
        except actions.UnknownScope as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Token {token.prefix} of {user}, shown this once:")
        self.stdout.write(text)


def _expiry(days: int | None) -> datetime | None:
    if days is not None and days < 1:
        raise CommandError("--days: a token lasts one day at least")
    return None if days is None else timezone.now() + timedelta(days=days)
