"""`name=value` arguments: ENV, LABEL and ARG."""

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.instructions import Arg, Env, Label
from engine.build.dockerfile.request import Request
from engine.build.dockerfile.words import BLANK, quoted_words


def read_env(request: Request) -> Env:
    return Env(pairs=_pairs(request), **request.common)


def read_label(request: Request) -> Label:
    return Label(pairs=_pairs(request), **request.common)


def read_arg(request: Request) -> Arg:
    request.flags.finish()
    words = tuple(quoted_words(request.rest, request.escape))
    request.require(words)
    return Arg(pairs=tuple(_argument(word) for word in words), **request.common)


def _argument(word: str) -> tuple[str, str | None]:
    name, has_value, value = word.partition("=")
    if not name:
        raise SyntaxProblem("ARG names can not be blank")
    return name, value if has_value else None


def _pairs(request: Request) -> tuple[tuple[str, str], ...]:
    """`KEY=value …`, or the old `KEY value with blanks`: whether the first word holds a `=` tells."""
    request.flags.finish()
    words = tuple(quoted_words(request.rest, request.escape))
    request.require(words)
    pairs = [_pair(word) for word in words] if "=" in words[0] else [_old(request)]
    if not all(key for key, _ in pairs):
        raise SyntaxProblem(f"{request.keyword} names can not be blank")
    return tuple(pairs)


def _pair(word: str) -> tuple[str, str]:
    key, has_value, value = word.partition("=")
    if not has_value:
        raise SyntaxProblem(f'Syntax error - can\'t find = in "{word}". Must be of the form: name=value')
    return key, value


def _old(request: Request) -> tuple[str, str]:
    key, *rest = BLANK.split(request.rest, maxsplit=1)
    if not rest:
        raise SyntaxProblem(f"{request.keyword} must have two arguments")
    return key, rest[0]
