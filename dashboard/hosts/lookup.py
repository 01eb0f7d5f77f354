"""Hosts by the name in an address, and what may be gone from them."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import TypeVar

from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.hosts.client import EngineFailure
from dashboard.hosts.models import Host

T = TypeVar("T")


async def get_host(name: str) -> Host:
    """The host called `name`; raises Http404, which is a page of its own."""
    try:
        return await Host.objects.aget(name=name)
    except Host.DoesNotExist:
        raise Http404(_("No such host: %(name)s") % {"name": name}) from None


async def unless_gone(asked: Awaitable[T]) -> T | None:
    """The engine's answer; None where it has no such object any more."""
    try:
        return await asked
    except EngineFailure as failure:
        if failure.status != HTTPStatus.NOT_FOUND:
            raise
        return None
