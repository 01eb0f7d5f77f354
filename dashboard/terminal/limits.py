"""How many terminals, how long without anybody, what is recorded and for how long: an installation's settings."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ImproperlyConfigured


class Recording(StrEnum):
    """Whether output is recorded: never, for those who ask for it, or always."""

    NEVER = "never"
    ASKED = "asked"
    ALWAYS = "always"


@dataclass(frozen=True)
class Limits:
    """Times in seconds, sizes in bytes. Each is set by an environment variable: `current` names them."""

    per_user: int = 16
    per_host: int = 200
    #: How long a shell waits for somebody to come back.
    grace: int = 8 * 3600
    #: How long a link to a shared terminal opens it.
    share: int = 3600
    recording: Recording = Recording.ASKED
    recording_size: int = 256 << 20
    recording_age: int = 90 * 86400

    @classmethod
    def current(cls, environment: Mapping[str, str] = os.environ) -> "Limits":
        """The limits of this process; an empty variable counts as unset. Raises ImproperlyConfigured."""
        return cls(
            per_user=_number(environment, "PORTSIDE_TERMINALS_PER_USER", cls.per_user),
            per_host=_number(environment, "PORTSIDE_TERMINALS_PER_HOST", cls.per_host),
            grace=_number(environment, "PORTSIDE_TERMINAL_GRACE_SECONDS", cls.grace),
            share=_number(environment, "PORTSIDE_TERMINAL_SHARE_SECONDS", cls.share),
            recording=_recording(environment.get("PORTSIDE_TERMINAL_RECORDING") or Recording.ASKED),
            recording_size=_number(environment, "PORTSIDE_TERMINAL_RECORDING_BYTES", cls.recording_size),
            recording_age=_number(environment, "PORTSIDE_TERMINAL_RECORDING_DAYS", cls.recording_age // 86400) * 86400,
        )

    def records(self, *, asked: bool) -> bool:
        return self.recording is Recording.ALWAYS or (asked and self.recording is Recording.ASKED)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal():
        raise ImproperlyConfigured(f"{name}: {text!r} is no whole number")
    return int(text)


def _recording(text: str) -> Recording:
    try:
        return Recording(text)
    except ValueError:
        raise ImproperlyConfigured(f"PORTSIDE_TERMINAL_RECORDING: {text!r} is none of {', '.join(Recording)}") from None
