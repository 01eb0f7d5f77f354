"""Digests: the names of content. SHA-256 alone is supported, as in Docker's own store."""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from engine.errors import InvalidParameter

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def check_digest(text: str) -> str:
    """Return `text` when it is a digest, `sha256:` and 64 lower-case hexadecimal digits; raises InvalidParameter.

    A digest becomes part of a path, so nothing else may pass for one (CVE-2024-3727).
    """
    if not _DIGEST.fullmatch(text):
        raise InvalidParameter(f"invalid or unsupported digest: {text[:200]!r}")
    return text


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def chain_ids(diff_ids: Iterable[str]) -> tuple[str, ...]:
    """The chain ID of each layer, lowest first: the digest of the one below and the layer's own (OCI config.md)."""
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(digest_of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return tuple(chain)
