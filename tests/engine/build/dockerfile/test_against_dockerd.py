"""The corpus' instructions that change an image's config alone, as dockerd's own builder understands them."""

import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.expansion import expand_instruction
from engine.build.dockerfile.instructions import (
    Arg,
    Cmd,
    Command,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Onbuild,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from engine.build.dockerfile.parse import parse
from engine.build.dockerfile.plan import plan
from tests.engine.build.dockerfile.test_corpus import CORPUS, NAMES
from tests.support import api, dockerd

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not dockerd.is_present(), reason="needs a dockerd to compare with"),
]

SUBJECTS = frozenset(
    {
        *("arg", "cmd", "directive", "entrypoint", "env", "expand", "expose", "health", "label", "line", "maintainer"),
        *("onbuild", "shell", "stopsignal", "user", "volume", "workdir"),
    }
)
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Where dockerd 20.10 knows less than BuildKit's reference asks for, or says it in other words.
NEWER = {
    "expand-modifiers": "`-` and `+` without a colon",
    "expand-patterns": "patterns",
    "expand-bad-pattern": "patterns",
    "health-negative-retries": "0 retries are allowed now",
    "onbuild-broken": "triggers are read at once",
    "onbuild-unknown": "triggers are read at once",
    "onbuild-heredoc": "heredocs",
    "directive-syntax-other": "the old builder does not look at it",
    "arg-forms": "within one ARG, a default sees those before it",
    "health-exec": "--start-interval",
}
FIELDS = (
    *("Env", "Cmd", "Entrypoint", "Labels", "ExposedPorts", "Volumes", "User", "WorkingDir", "StopSignal"),
    *("Healthcheck", "OnBuild", "Shell"),
)
#: dockerd takes some tenths of a second for each step: these are compared always, with the files that it refuses.
ALWAYS = frozenset({"env-pairs", "env-old-form", "expand-escapes", "expand-names", "cmd-json-object", "health-shell"})


def is_subject(name: str) -> bool:
    text = (CORPUS / f"{name}.Dockerfile").read_bytes()
    is_refused = "error " in (CORPUS / f"{name}.plan").read_text()
    is_config_alone = not re.search(rb"^\s*(RUN|COPY|ADD)", text, re.IGNORECASE | re.MULTILINE)
    if name.partition("-")[0] not in SUBJECTS or name in NEWER or text.upper().count(b"FROM ") != 1:
        return False
    return is_config_alone and (is_refused or name in ALWAYS or "PORTSIDE_TEST_LONG" in os.environ)


@pytest.fixture(scope="module")
def daemon() -> Iterator[dockerd.Dockerd]:
    with dockerd.Dockerd() as running:
        yield running


@pytest.mark.parametrize("name", [name for name in NAMES if is_subject(name)])
def test_dockerd_understands_the_same(daemon, name):
    text = (CORPUS / f"{name}.Dockerfile").read_bytes().replace(b"debian:12", b"scratch")
    given = dict(
        line.removeprefix("given ").split("=", 1)
        for line in (CORPUS / f"{name}.plan").read_text().splitlines()
        if line.startswith("given ")
    )
    theirs = built(daemon, text, given)
    try:
        ours: dict[str, Any] | str = config(text, given)
    except ParseError as error:
        ours = error.message
    if isinstance(theirs, str) or isinstance(ours, str):
        assert (isinstance(theirs, str), isinstance(ours, str)) == (True, True), (theirs, ours)
        assert line_of(theirs) in {"", line_of(ours)}
    else:
        assert ours == theirs


def line_of(message: Any) -> str:
    found = re.search(r"line (\d+)", str(message))
    return found[1] if found else ""


def built(daemon: dockerd.Dockerd, text: bytes, given: dict[str, str]) -> dict[str, Any] | str:
    """The image's config, without what is empty; or the error."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        # An instruction at the end, so that there is an image whatever the file holds.
        content = text.rstrip(b"\n") + b"\nLABEL the=end\n"
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    target = f"/v1.41/build?buildargs={quote(json.dumps(given))}"
    answer = api.request(daemon.socket, "POST", target, buffer.getvalue(), content_type="application/x-tar")
    if answer.status != 200:
        return answer.message
    messages = [json.loads(line) for line in answer.body.splitlines()]
    if errors := [message["error"] for message in messages if "error" in message]:
        return str(errors[0])
    image = next(message["aux"]["ID"] for message in reversed(messages) if "aux" in message)
    found = api.request(daemon.socket, "GET", f"/v1.41/images/{image}/json").json["Config"]
    return {name: found[name] for name in FIELDS if found.get(name)}


def config(text: bytes, given: dict[str, str]) -> dict[str, Any]:
    """The same from our plan: what each instruction says, put together by the reference's rules."""
    made = plan(parse(text.rstrip(b"\n") + b"\nLABEL the=end\n"), "", given)
    image: dict[str, Any] = {"Env": [PATH]}
    scope = made.scope({})
    for instruction in made.target.instructions:
        step = expand_instruction(instruction, scope.variables, made.escape)
        if isinstance(step, Arg):
            scope = scope.declare(step)
        elif isinstance(step, Env):
            scope = scope.set(step.pairs)
            image["Env"] = [PATH, *(f"{name}={value}" for name, value in scope.env.items())]
        else:
            apply(image, step)
    return {name: image[name] for name in FIELDS if image.get(name)}


def apply(image: dict[str, Any], step: Instruction) -> None:
    match step:
        case Label(pairs=pairs):
            image.setdefault("Labels", {}).update(pairs)
        case Expose(ports=words) | Volume(paths=words):
            name = "Volumes" if isinstance(step, Volume) else "ExposedPorts"
            image.setdefault(name, {}).update({word: {} for word in words})
        case Workdir(path=path):
            image["WorkingDir"] = f"{image.get('WorkingDir', '')}/{path}".replace("//", "/") if path[0] != "/" else path
        case Onbuild(trigger=trigger):
            image.setdefault("OnBuild", []).append(trigger)
        case Cmd(command=command) | Entrypoint(command=command):
            image["Cmd" if isinstance(step, Cmd) else "Entrypoint"] = argv(image, command)
        case _:
            image.update(value_of(step))


def value_of(step: Instruction) -> dict[str, Any]:
    match step:
        case User(user=user):
            return {"User": user}
        case Stopsignal(signal=signal):
            return {"StopSignal": signal}
        case Shell(words=words):
            return {"Shell": list(words)}
        case Healthcheck(check=check):
            return {"Healthcheck": msgspec.to_builtins(check)}
        case _:
            return {}


def argv(image: dict[str, Any], command: Command) -> list[str]:
    if isinstance(command, ExecForm):
        return list(command.words)
    return [*image.get("Shell", ["/bin/sh", "-c"]), *([command.text] if command.text else [])]
