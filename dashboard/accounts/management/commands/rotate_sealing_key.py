"""`manage.py rotate_sealing_key`."""

from typing import Any

from django.core.management.base import BaseCommand

from dashboard.sealing import rotate


class Command(BaseCommand):
    help = (
        "Make a new key for secrets in the database and seal them all anew. Restart web, workers and scheduler "
        "afterwards; then the old lines of sealing.keys may be deleted."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{rotate()} secrets sealed with a new key")
