"""How a shell is started in a container, and how it tells its number. No input or output happens here.

The Engine API hands out neither the process number that a container's own `kill` understands nor a way to end an
exec. So the exec runs `sh` with a small script, which picks the shell, prints one control string with its own process
number, and becomes the shell: the number stays the same. The string is taken off the stream before the browser sees
it. One exec does what a probe and an exec would do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Tried in this order when the user names none.
SHELLS: Final = ("bash", "sh")
#: Looked for, to be offered.
KNOWN: Final = ("bash", "zsh", "fish", "ksh", "dash", "ash", "sh")
#: What the engine's stream may hold before the control string has come. More is not ours.
MAX_GREETING: Final = 4096

#: A path may be tested, and some shells call one found without a look; busybox's finds applets of its own by bare name.
_SELECT: Final = r"""
known=$1; shift; found=
for shell in $known; do command -v "$shell" >/dev/null 2>&1 && found="$found $shell"; done
for shell; do
  path=$(command -v "$shell") || continue
  case $path in (/*) [ -x "$path" ] || continue;; esac
  printf '\033]portside;%s;%s;%s\007' "$$" "$path" "$found"
  exec "$path"
done
printf '\033]portside;0;%s;%s\007' "$*" "$found"
exit 127
"""
_SIGNAL: Final = 'kill -s "$1" "$2" && kill -s CONT "$2"'
_GREETING: Final = re.compile(rb"\A\x1b\]portside;([0-9]{1,10});([^\x07;]*);([^\x07;]*)\x07", re.DOTALL)
_PREFIX: Final = b"\x1b]portside;"


def start_argv(shell: str) -> list[str]:
    """What the exec runs; `shell` is a name or a path, or empty for the first of SHELLS."""
    return ["sh", "-c", _SELECT, "sh", " ".join(KNOWN), *((shell,) if shell else SHELLS)]


def signal_argv(signal: str, pid: int) -> list[str]:
    """What a second exec runs to send `signal` (HUP, KILL); a stopped shell is continued, or it would not act on it."""
    return ["sh", "-c", _SIGNAL, "sh", signal, str(pid)]


@dataclass(frozen=True)
class Greeting:
    """The shell's process number in the container, its path, and the shells that were found there.

    `size` is the greeting's own, `rest` what was written since. Number 0 says that there is no such shell, and `path`
    names those that were tried.
    """

    pid: int
    path: str
    shells: tuple[str, ...]
    size: int
    rest: bytes


def read_greeting(data: bytes) -> Greeting | None:
    """The greeting at the start of the stream, None when more bytes are needed.

    Raises ValueError when the stream begins with something else: an engine that can't start an exec writes its
    reason there.
    """
    if (found := _GREETING.match(data)) is not None:
        path, shells = (found[number].decode(errors="replace") for number in (2, 3))
        return Greeting(int(found[1]), path, tuple(shells.split()), found.end(), data[found.end() :])
    if not _PREFIX.startswith(data[: len(_PREFIX)]) or len(data) > MAX_GREETING:
        raise ValueError("the stream does not begin with a shell's greeting")
    return None


def environment(session: str) -> Sequence[str]:
    """The shell's variables. PORTSIDE_TERMINAL marks its processes: whoever looks for a session's finds them."""
    return ("TERM=xterm-256color", "COLORTERM=truecolor", f"PORTSIDE_TERMINAL={session}")
