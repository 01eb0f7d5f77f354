"""Links to published ports."""

from typing import Any
from urllib.parse import urlsplit

from django import template

from dashboard.containers.ports import Port

register = template.Library()


@register.simple_tag(takes_context=True)
def port_url(context: dict[str, Any], port: Port) -> str:
    """Where a browser finds a published port: at the address it is bound to, or else on its host.

    The host of a unix socket is the machine that this page came from, by the name that the browser knows.
    """
    name = port.address or urlsplit(context["host"].url).hostname or _own_name(context["request"].get_host())
    return f"http://{f'[{name}]' if ':' in name else name}:{port.public}/"


def _own_name(host_header: str) -> str:
    return urlsplit(f"//{host_header}").hostname or "localhost"
