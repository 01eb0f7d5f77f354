"""What the API itself keeps: tokens, and which job an idempotency key has made."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.access.permissions import Permission

if TYPE_CHECKING:
    from datetime import datetime

#: The scope that stands for all of them, those that come later too.
EVERYTHING: Final = "*"


class TokenQuerySet(models.QuerySet["Token"]):
    def usable(self, now: "datetime") -> "TokenQuerySet":
        """Neither expired nor revoked, and their users' accounts are open."""
        lasting = models.Q(expires=None) | models.Q(expires__gt=now)
        return self.filter(lasting, revoked=None, user__is_active=True)


class Token(models.Model):
    """What a script proves itself with. The secret itself is nowhere: `digest` is its SHA-256.

    A secret has 256 random bits: a slow hash, which passwords need, would guard nothing here.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    # By which it is found and shown.
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What its scopes let through; its user's own rights limit it further."""
        if EVERYTHING in self.scopes:
            return frozenset(Permission)
        return frozenset(Permission(scope) for scope in self.scopes)


class IdempotencyKey(models.Model):
    """That `user` asked for a job with this key: whoever asks again gets that job."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    # SHA-256 of what was asked for.
    fingerprint = models.CharField(max_length=64)
    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(default=timezone.now, db_index=True)

    #: How long a key is remembered.
    KEPT: Final = timedelta(hours=24)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="one_job_a_key"),)

    def __str__(self) -> str:
        return f"{self.key} of {self.user}"
