"""Detach keys: the sequence that lets a client leave a terminal. Bytes in, bytes out; no I/O.

The rule is moby's term.EscapeProxy: the keys' bytes are held back while they could still be the sequence; as soon as
they can't, they go through, in order and unchanged.
"""

from typing import Final, NamedTuple

from engine.errors import InvalidParameter

#: ctrl-p, ctrl-q
DEFAULT_KEYS: Final = b"\x10\x11"
_CONTROL: Final = {**{chr(97 + n): 1 + n for n in range(26)}, "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


class Scanned(NamedTuple):
    """What goes through to the process, and whether the client wants to leave (the rest is dropped then)."""

    data: bytes
    detached: bool


def parse_keys(text: str | None) -> bytes:
    """The bytes of a sequence such as `ctrl-p,ctrl-q` or `a,b`; the default for None or nothing.

    Raises InvalidParameter, in Docker's words, for what is neither a character nor `ctrl-` and one of `a-z@[\\]^_`.
    """
    if not text:
        return DEFAULT_KEYS
    try:
        return bytes(_key(part) for part in text.split(","))
    except (KeyError, ValueError):
        raise InvalidParameter(f"Invalid detach keys ({text}) provided") from None


def _key(text: str) -> int:
    if text.startswith("ctrl-"):
        return _CONTROL[text.removeprefix("ctrl-")]
    (byte,) = text.encode()
    return byte


class Detector:
    """Finds the sequence in what a client types."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._held = 0

    def scan(self, data: bytes) -> Scanned:
        """Pass on what is not the sequence; what could become it is held until the next call, or `rest`."""
        # Nearly everything that is typed has nothing of the sequence in it, and a paste can be long.
        if not self._held and self._keys[:1] not in data:
            return Scanned(data, False)
        passed = bytearray()
        for byte in data:
            self._take(byte, passed)
            if self._held == len(self._keys):
                return Scanned(bytes(passed), True)
        return Scanned(bytes(passed), False)

    def rest(self) -> bytes:
        """What is held when no more comes: it was no sequence after all."""
        held, self._held = self._keys[: self._held], 0
        return held

    def _take(self, byte: int, passed: bytearray) -> None:
        if byte != self._keys[self._held]:
            passed += self.rest()
        if byte == self._keys[self._held]:
            self._held += 1
        else:
            passed.append(byte)
