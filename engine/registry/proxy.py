"""HTTP proxies, from the environment as every program reads them."""

import ipaddress
import urllib.request

from yarl import URL


def proxy_for(url: URL) -> str | None:
    """The proxy of HTTP_PROXY and its siblings for this URL; never one for this machine itself (Go's rule)."""
    host = url.host or ""
    if host == "localhost" or _is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(url.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
