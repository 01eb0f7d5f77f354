"""`manage.py audit`: check, export and shorten the audit."""

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dashboard.audit.chain import BrokenChain, forget, verify
from dashboard.audit.export import lines
from dashboard.audit.models import Entry


class Command(BaseCommand):
    help = "Check, export and shorten the record of who did what."

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="do", required=True)
        does.add_parser("verify", help="check that no entry was changed, added or removed; print the newest digest")
        does.add_parser("export", help="print all entries as JSON lines, oldest first")
        shorten = does.add_parser("forget", help="remove old entries; the others still verify")
        shorten.add_argument("--days", type=int, required=True, help="keep the entries of the last DAYS days")

    def handle(self, *_args: Any, **options: Any) -> None:
        {"verify": self._verify, "export": self._export, "forget": self._forget}[options["do"]](options)

    def _verify(self, _options: dict[str, Any]) -> None:
        try:
            count, digest = verify()
        except BrokenChain as broken:
            raise CommandError(f"The audit was tampered with: {broken}") from broken
        self.stdout.write(f"{count} entries, all as they were written. Newest digest: {digest or 'none'}")

    def _export(self, _options: dict[str, Any]) -> None:
        for line in lines(Entry.objects.order_by("number")):
            sys.stdout.write(line)

    def _forget(self, options: dict[str, Any]) -> None:
        if options["days"] < 1:
            raise CommandError("--days: at least 1")
        gone = forget(timezone.now() - timedelta(days=options["days"]))
        self.stdout.write(f"{gone} entries removed")
