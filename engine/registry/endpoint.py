"""Where a name's registry is, and how it may be spoken to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yarl import URL

from engine.config import Config
from engine.errors import InvalidParameter
from engine.image.reference import DEFAULT_HOST, Reference

_DEFAULT_REGISTRY: Final = URL("https://registry-1.docker.io")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One base URL to try. `insecure`: plain HTTP is allowed and certificates are not checked.

    A `mirror` is another's server: it never sees the credentials of the registry that it mirrors.
    """

    url: URL
    insecure: bool
    mirror: bool = False


def endpoints_for(reference: Reference, config: Config) -> Iterator[Endpoint]:
    """The endpoints of the reference's host in the order to try; raises InvalidParameter for a malformed mirror."""
    if reference.host == DEFAULT_HOST:
        for mirror in config.registry_mirrors:
            url = _mirror(mirror)
            yield Endpoint(url, insecure=config.is_insecure(url.authority), mirror=True)
        yield Endpoint(_DEFAULT_REGISTRY, insecure=False)
        return
    insecure = config.is_insecure(reference.host)
    yield Endpoint(_base("https", reference.host), insecure=insecure)
    if insecure:
        yield Endpoint(_base("http", reference.host), insecure=True)


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
