"""Hosts by the name in an address."""

from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.hosts.models import Host


async def get_host(name: str) -> Host:
    """The host called `name`; raises Http404, which is a page of its own."""
    try:
        return await Host.objects.aget(name=name)
    except Host.DoesNotExist:
        raise Http404(_("No such host: %(name)s") % {"name": name}) from None
