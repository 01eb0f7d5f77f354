"""Secrets never reach a job's output, its error or its page."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

MASK: Final = "••••••"
#: Shorter values would blot out half of every line, and guard nothing.
MIN_LENGTH: Final = 4

_SECRET_NAME: Final = re.compile(
    r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|(^|_)(API_?|ACCESS_?)?KEY($|_)|(^|_)PWD$|AUTH", re.IGNORECASE
)
_IN_URL: Final = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
_AUTHORIZATION: Final = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Does an environment variable called `name` hold what must not be shown?"""
    return _SECRET_NAME.search(name) is not None


def masked(environment: Mapping[str, str]) -> dict[str, str]:
    """The same variables, fit to be shown."""
    return {name: MASK if value and is_secret_name(name) else value for name, value in environment.items()}


class Redactor:
    """Masks the given secrets, and what looks like credentials wherever it stands."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first: of two secrets where one begins the other, the longer must not lose its head.
        known = sorted({secret for secret in secrets if len(secret) >= MIN_LENGTH}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _IN_URL.sub(MASK, text)
        return _AUTHORIZATION.sub(lambda match: f"{match[1]} {MASK}", text)

    def all_of(self, data: Any) -> Any:
        """The same JSON with every text in it masked; the names of fields stay."""
        match data:
            case str():
                return self(data)
            case dict():
                return {name: self.all_of(value) for name, value in data.items()}
            case list():
                return [self.all_of(value) for value in data]
        return data
