"""ADD and COPY."""

from typing import Final, TypedDict

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.forms import json_words
from engine.build.dockerfile.heredoc import read_word
from engine.build.dockerfile.instructions import Add, Copy, Heredoc
from engine.build.dockerfile.request import Request

_FROM_VARIABLE: Final = "'from' doesn't support variable expansion, define alias stage instead"


class _Shared(TypedDict):
    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[Heredoc, ...]
    chown: str
    chmod: str
    link: bool
    exclude: tuple[str, ...]


def read_add(request: Request) -> Add:
    flags, shared = request.flags, _shared(request)
    checksum, keep = flags.text("checksum"), flags.boolean("keep-git-dir")
    unpack = flags.boolean("unpack")
    flags.finish()
    return Add(checksum=checksum, keep_git_dir=bool(keep), unpack=unpack, **shared, **request.common)


def read_copy(request: Request) -> Copy:
    flags, shared = request.flags, _shared(request)
    origin, parents = flags.text("from"), flags.boolean("parents")
    flags.finish()
    if "$" in origin:
        raise SyntaxProblem(_FROM_VARIABLE)
    return Copy(from_=origin, parents=bool(parents), **shared, **request.common)


def _shared(request: Request) -> _Shared:
    paths, contents, destination = _arguments(request)
    flags = request.flags
    return {
        "sources": paths,
        "destination": destination,
        "heredocs": contents,
        "chown": flags.text("chown"),
        "chmod": flags.text("chmod"),
        "link": bool(flags.boolean("link")),
        "exclude": tuple(flags.texts("exclude")),
    }


def _arguments(request: Request) -> tuple[tuple[str, ...], tuple[Heredoc, ...], str]:
    """The source paths, the heredocs that are sources, and the destination."""
    words = json_words(request.rest) if request.rest else ()
    *sources, destination = _at_least_two(request, request.words() if words is None else words)
    if not request.heredocs:
        return tuple(sources), (), destination
    if read_word(destination):
        raise SyntaxProblem(f"{request.keyword} cannot accept a heredoc as a destination")
    bodies = {heredoc.name: heredoc for heredoc in request.heredocs}
    named = [(source, read_word(source)) for source in sources]
    return (
        tuple(source for source, heredoc in named if heredoc is None),
        tuple(bodies[heredoc.name] for _, heredoc in named if heredoc and heredoc.name in bodies),
        destination,
    )


def _at_least_two(request: Request, words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) < 2:
        raise SyntaxProblem(
            f"{request.keyword} requires at least two arguments, but only one was provided. "
            "Destination could not be determined"
        )
    return words
