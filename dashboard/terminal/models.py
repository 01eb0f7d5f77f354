"""Terminals: who had one, where, and what became of it. The rows are kept when they have ended: they are the record."""

import secrets
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.hosts.models import Host

ID_BYTES: Final = 16


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


class Kind(models.TextChoices):
    """What runs in it."""

    SHELL = "shell", _("shell")
    ATTACH = "attach", _("the container's process")


class LiveTerminals(models.Manager["Terminal"]):
    """Those that have not ended, as far as the console knows."""

    def get_queryset(self) -> models.QuerySet["Terminal"]:
        return super().get_queryset().filter(ended=None)


class Terminal(models.Model):
    """One terminal. Whichever web process its owner comes back to finds here what it must know to go on."""

    id = models.CharField(primary_key=True, max_length=2 * ID_BYTES, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SHELL)
    host = models.ForeignKey(Host, models.SET_NULL, null=True, related_name="terminals")
    host_name = models.CharField(max_length=63)
    container = models.CharField(max_length=64)
    container_name = models.CharField(max_length=255)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="terminals")
    owner_name = models.CharField(max_length=150)
    #: The sign-in that it was used from last: it ends with that.
    login = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=64, blank=True)
    #: The exec and its process's number in the container; the argv is the shell's, or what was asked for.
    exec_id = models.CharField(max_length=64, blank=True)
    pid = models.PositiveIntegerField(default=0)
    argv = models.JSONField(default=list)
    shells = models.JSONField(default=list)
    user = models.CharField(max_length=255, blank=True)
    workdir = models.CharField(max_length=1024, blank=True)
    #: Bytes at the beginning of the engine's stream that are not the shell's own.
    preamble = models.PositiveIntegerField(default=0)
    #: Does the engine hold it, or (`keeper`) one web process?
    lasts = models.BooleanField(default=True)
    keeper = models.CharField(max_length=32, blank=True)
    #: Links made before the number was raised are void.
    share_epoch = models.PositiveIntegerField(default=0)
    is_recorded = models.BooleanField(default=False)
    output_bytes = models.PositiveBigIntegerField(default=0)
    input_bytes = models.PositiveBigIntegerField(default=0)
    started = models.DateTimeField(auto_now_add=True, db_index=True)
    seen = models.DateTimeField(default=timezone.now)
    #: Since when it is to be ended: whoever finds it ends it.
    doomed = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True, db_index=True)
    exit_code = models.IntegerField(null=True, blank=True)
    end_reason = models.CharField(max_length=255, blank=True)

    objects: ClassVar[models.Manager["Terminal"]] = models.Manager()
    live: ClassVar[LiveTerminals] = LiveTerminals()

    class Meta:
        ordering = ("-started",)

    def __str__(self) -> str:
        return f"{self.owner_name}@{self.host_name}/{self.container_name}"

    @property
    def group(self) -> str:
        """The channel group of all who are attached."""
        return f"terminal.{self.id}"

    @property
    def command(self) -> str:
        return " ".join(self.argv)
