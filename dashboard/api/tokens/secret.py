"""A token as its owner holds it: `portside_<prefix>_<secret>`. Pure."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final, Self

_FORM: Final = re.compile(r"portside_([a-z0-9]{10})_([A-Za-z0-9_-]{43})")
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Secret:
    """`prefix` is no secret: it finds the row, and people tell their tokens apart by it."""

    prefix: str
    text: str

    @classmethod
    def make(cls) -> Self:
        """A new one, of 256 random bits."""
        prefix = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        return cls(prefix, f"portside_{prefix}_{secrets.token_urlsafe(32)}")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What somebody sends; None where it can't be a token."""
        match = _FORM.fullmatch(text)
        return None if match is None else cls(match[1], text)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def fits(self, digest: str) -> bool:
        """In a time that tells nothing."""
        return hmac.compare_digest(self.digest, digest)
