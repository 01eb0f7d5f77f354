"""Where a name's registry is, and how it may be spoken to."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yarl import URL

from engine.config import Config
from engine.errors import InvalidParameter
from engine.image.reference import DEFAULT_HOST, Reference
from engine.registry.certificates import tls_for

_DEFAULT_REGISTRY: Final = URL("https://registry-1.docker.io")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One base URL to try. `insecure`: plain HTTP is allowed and certificates are not checked.

    A `mirror` is another's server: it never sees the credentials of the registry that it mirrors. `tls` is what aiohttp
    takes as `ssl`: a context with the registry's own certificates, or whether to check against the host's authorities.
    """

    url: URL
    insecure: bool
    mirror: bool = False
    tls: ssl.SSLContext | bool = True


def endpoints_for(reference: Reference, config: Config) -> Iterator[Endpoint]:
    """The endpoints of the reference's host in the order to try.

    Raises InvalidParameter for a malformed mirror, and for certificates that can't be used.
    """
    if reference.host == DEFAULT_HOST:
        for mirror in config.registry_mirrors:
            url = _mirror(mirror)
            yield _endpoint(url, url.authority, config, mirror=True)
    yield from own_endpoints(reference.host, config)


def own_endpoints(host: str, config: Config) -> Iterator[Endpoint]:
    """The endpoints of the host itself, without mirrors: where one writes, and proves who one is."""
    if host == DEFAULT_HOST:
        yield _endpoint(_DEFAULT_REGISTRY, host, config)
        return
    yield _endpoint(_base("https", host), host, config)
    if config.is_insecure(host):
        yield _endpoint(_base("http", host), host, config)


def _endpoint(url: URL, host: str, config: Config, *, mirror: bool = False) -> Endpoint:
    """`host` as people write it: what settings and certificates go by."""
    insecure = config.is_insecure(host)
    tls = tls_for(host, config, insecure=insecure) if url.scheme == "https" else True
    return Endpoint(url, insecure, mirror, tls)


def _mirror(text: str) -> URL:
    url = URL(text if "://" in text else f"https://{text}")
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidParameter(f"invalid registry mirror {text!r}: an http or https URL is expected")
    return url.with_query(None).with_fragment(None)


def _base(scheme: str, host: str) -> URL:
    try:
        return URL(f"{scheme}://{host}")
    except ValueError as error:
        raise InvalidParameter(f"invalid registry host {host!r}: {error}") from error
