"""HEALTHCHECK."""

from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.forms import json_words
from engine.build.dockerfile.instructions import Healthcheck
from engine.build.dockerfile.quantities import duration
from engine.build.dockerfile.request import Request
from engine.build.dockerfile.words import split_command
from engine.image.config import Healthcheck as HealthConfig

#: The API's shortest time, 1 ms in nanoseconds.
_SHORTEST: Final = 1_000_000


def read_healthcheck(request: Request) -> Healthcheck:
    request.require(request.rest)
    kind, rest = split_command(request.rest)
    if kind.upper() == "NONE":
        return _none(request, rest)
    check = HealthConfig(
        test=_test(kind.upper(), rest),
        interval=_time(request, "interval"),
        timeout=_time(request, "timeout"),
        start_period=_time(request, "start-period"),
        start_interval=_time(request, "start-interval"),
        retries=_retries(request),
    )
    request.flags.finish()
    return Healthcheck(check=check, **request.common)


def _none(request: Request, rest: str) -> Healthcheck:
    request.flags.finish()
    if rest:
        raise SyntaxProblem("HEALTHCHECK NONE takes no arguments")
    return Healthcheck(check=HealthConfig(test=["NONE"]), **request.common)


def _test(kind: str, rest: str) -> list[str]:
    if kind != "CMD":
        raise SyntaxProblem(f'Unknown type "{kind}" in HEALTHCHECK (try CMD)')
    words = json_words(rest)
    if not rest or words == ():
        raise SyntaxProblem("Missing command after HEALTHCHECK CMD")
    return ["CMD-SHELL", rest] if words is None else ["CMD", *words]


def _time(request: Request, flag: str) -> int:
    text = request.flags.text(flag)
    nanoseconds = duration(text) if text else 0
    if nanoseconds and nanoseconds < _SHORTEST:
        raise SyntaxProblem(f'Interval "{flag}" cannot be less than 1ms')
    return nanoseconds


def _retries(request: Request) -> int:
    text = request.flags.text("retries")
    if not text:
        return 0
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise SyntaxProblem(f'strconv.ParseInt: parsing "{text[:80]}": invalid syntax')
    if int(text) < 0:
        raise SyntaxProblem(f"--retries cannot be negative ({int(text)})")
    return int(text)
