"""Machines whose engine the console drives."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

#: The name of the host that the console runs on.
LOCAL: Final = "local"


class Host(models.Model):
    """One engine, at `url`: `unix:///run/portside/engine.sock`, or `tcp://…`. Its name is in pages' addresses."""

    name = models.SlugField(_("name"), max_length=63, unique=True)
    url = models.CharField(_("address"), max_length=255)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def group(self) -> str:
        """The channel group that carries what happens on this host."""
        return f"host.{self.name}"
