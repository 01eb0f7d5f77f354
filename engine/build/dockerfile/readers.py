"""The reader of each instruction: a line's request in, an instruction out. All raise SyntaxProblem."""

import re
from collections.abc import Callable
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.flags import suggestion
from engine.build.dockerfile.forms import json_words, read_command
from engine.build.dockerfile.health import read_healthcheck
from engine.build.dockerfile.instructions import (
    Cmd,
    Entrypoint,
    ExecForm,
    Expose,
    From,
    Instruction,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from engine.build.dockerfile.mount_flag import read_mount
from engine.build.dockerfile.pairs import read_arg, read_env, read_label
from engine.build.dockerfile.request import Request, make_request
from engine.build.dockerfile.transfers import read_add, read_copy
from engine.build.dockerfile.words import split_command

_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9\-_.]*")
_NETWORKS: Final = ("default", "none", "host")


def read(request: Request) -> Instruction:
    """The instruction that a line holds; an unknown keyword is named, with the one it comes close to."""
    reader = _READERS.get(request.keyword)
    if reader is None:
        raise SyntaxProblem(f"unknown instruction: {request.keyword[:80]}{suggestion(request.keyword, list(_READERS))}")
    return reader(request)


def _from(request: Request) -> From:
    match request.words():
        case (image,):
            name = ""
        case (image, as_, written) if as_.lower() == "as":
            name = _stage_name(written)
        case _:
            raise SyntaxProblem("FROM requires either one or three arguments")
    platform = request.flags.text("platform")
    request.flags.finish()
    return From(image=image, name=name, platform=platform, **request.common)


def _stage_name(written: str) -> str:
    name = written.lower()
    if not _STAGE_NAME.fullmatch(name):
        raise SyntaxProblem(
            f'invalid name for build stage: "{written}", name can\'t start with a number or contain symbols'
        )
    return name


def _run(request: Request) -> Run:
    flags = request.flags
    mounts = tuple(read_mount(text) for text in flags.texts("mount"))
    network = flags.text("network") or "default"
    if network not in _NETWORKS:
        raise SyntaxProblem(f'unsupported network mode "{network}"{suggestion(network, list(_NETWORKS))}')
    security = _security(flags.text("security"))
    if flags.texts("device"):
        raise SyntaxProblem("RUN --device is not supported: builds get no devices of the host")
    flags.finish()
    request.require(request.rest)
    command = read_command(request.rest)
    if command == ExecForm(()):
        request.require(())
    heredocs = () if isinstance(command, ExecForm) else request.heredocs
    return Run(command=command, heredocs=heredocs, mounts=mounts, network=network, security=security, **request.common)


def _security(text: str) -> str:
    if text == "insecure":
        raise SyntaxProblem("RUN --security=insecure is not allowed: builds run without privileges")
    if text not in {"", "sandbox"}:
        raise SyntaxProblem(f'unsupported security mode "{text}"{suggestion(text, ["sandbox", "insecure"])}')
    return "sandbox"


def _cmd(request: Request) -> Cmd:
    request.flags.finish()
    return Cmd(command=read_command(request.rest), **request.common)


def _entrypoint(request: Request) -> Entrypoint:
    """One without arguments does away with the one before, as `[]` does."""
    request.flags.finish()
    command = read_command(request.rest) if request.rest else ExecForm(())
    return Entrypoint(command=command, **request.common)


def _shell(request: Request) -> Shell:
    request.flags.finish()
    request.require(request.rest)
    words = json_words(request.rest)
    if words is None:
        raise SyntaxProblem("SHELL requires the arguments to be in JSON form")
    request.require(words)
    return Shell(words=words, **request.common)


def _expose(request: Request) -> Expose:
    request.flags.finish()
    request.require(request.rest)
    return Expose(ports=request.words(), **request.common)


def _volume(request: Request) -> Volume:
    request.flags.finish()
    request.require(request.rest)
    words = json_words(request.rest)
    paths = request.words() if words is None else words
    request.require(paths)
    if not all(path.strip() for path in paths):
        raise SyntaxProblem("VOLUME specified can not be an empty string")
    return Volume(paths=paths, **request.common)


def _maintainer(request: Request) -> Maintainer:
    request.flags.finish()
    return Maintainer(name=request.only_argument(), **request.common)


def _user(request: Request) -> User:
    request.flags.finish()
    return User(user=request.only_argument(), **request.common)


def _workdir(request: Request) -> Workdir:
    request.flags.finish()
    return Workdir(path=request.only_argument(), **request.common)


def _stopsignal(request: Request) -> Stopsignal:
    request.flags.finish()
    return Stopsignal(signal=request.only_argument(), **request.common)


def _onbuild(request: Request) -> Onbuild:
    """The trigger is read at once, so that a broken one fails here and not in the image's users' builds."""
    request.flags.finish()
    request.require(request.rest)
    keyword = split_command(request.rest)[0].upper()
    if keyword == "ONBUILD":
        raise SyntaxProblem("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if keyword in {"FROM", "MAINTAINER"}:
        raise SyntaxProblem(f"{keyword} isn't allowed as an ONBUILD trigger")
    read(make_request(request.rest, request.heredocs, request.escape, request.common))
    bodies = [f"\n{heredoc.content}{heredoc.name}" for heredoc in request.heredocs]
    return Onbuild(trigger=request.rest + "".join(bodies), **request.common)


_READERS: Final[dict[str, Callable[[Request], Instruction]]] = {
    "ADD": read_add,
    "ARG": read_arg,
    "CMD": _cmd,
    "COPY": read_copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": read_env,
    "EXPOSE": _expose,
    "FROM": _from,
    "HEALTHCHECK": read_healthcheck,
    "LABEL": read_label,
    "MAINTAINER": _maintainer,
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "STOPSIGNAL": _stopsignal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
