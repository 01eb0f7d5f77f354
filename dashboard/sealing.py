"""Secrets at rest: sealed with keys that are not in the database.

The keys are Fernet's (AES-CBC and HMAC), one a line of `sealing.keys` in the console's state directory: the first
seals, all open. `manage.py rotate_sealing_key` puts a new one first and seals everything anew.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

#: Each seals anew all secrets of one kind, and answers how many those are. Apps add theirs when they are ready.
RESEALERS: Final[list[Callable[[], int]]] = []


class Unreadable(Exception):
    """What was sealed can't be opened with the keys that there are."""


def seal(text: str) -> str:
    return _keys().encrypt(text.encode()).decode("ascii")


def opened(sealed: str) -> str:
    """The text that was sealed. Raises Unreadable."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("a secret was sealed with a key that is not in sealing.keys") from error


def resealed(sealed: str) -> str:
    """The same secret, sealed with the first key. Raises Unreadable."""
    return seal(opened(sealed))


def rotate() -> int:
    """Put a new key first and seal all secrets anew; answers how many. The old keys stay, to open what comes late.

    Killed in the middle, it leaves every secret readable: by the new key or by an old one.
    """
    path = settings.ENVIRONMENT.sealing_key_file
    keys = [Fernet.generate_key().decode("ascii"), *settings.ENVIRONMENT.sealing_keys()]
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text("\n".join(keys) + "\n", "ascii")
    draft.replace(path)
    _keys.cache_clear()
    return sum(reseal() for reseal in RESEALERS)


@cache
def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENVIRONMENT.sealing_keys()])
