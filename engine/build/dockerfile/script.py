"""What a RUN step executes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.build.dockerfile.heredoc import read_word
from engine.build.dockerfile.instructions import ExecForm, Heredoc, Run

DEFAULT_SHELL: Final = ("/bin/sh", "-c")
#: Where a script with a `#!` line is mounted for its step, readonly, with mode 0755.
SCRIPTS: Final = "/dev/pipes"
#: What a file's name is better without: a heredoc's name is any word.
_SIGNS: Final = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Script:
    """`argv`; and a file that has to be there for it, at `path`, where the command is a script with a `#!` line."""

    argv: tuple[str, ...]
    path: str = ""
    content: str = ""


def run_script(run: Run, shell: Sequence[str] = DEFAULT_SHELL) -> Script:
    """The exec form's words; or the line given to `shell`, with the bodies of its heredocs below it.

    A line that is nothing but one heredoc is replaced by its body: no shell needs to know heredocs for that, and a
    body that begins with `#!` is run by the program it names.
    """
    if isinstance(run.command, ExecForm):
        return Script(run.command.words)
    line = run.command.text
    if len(run.heredocs) == 1 and read_word(line):
        return _whole(run.heredocs[0], shell)
    bodies = [f"\n{heredoc.content}{heredoc.name}" for heredoc in run.heredocs]
    return Script((*shell, line + "".join(bodies)))


def _whole(heredoc: Heredoc, shell: Sequence[str]) -> Script:
    if not heredoc.content.startswith("#!"):
        return Script((*shell, heredoc.content))
    path = f"{SCRIPTS}/{_SIGNS.sub('_', heredoc.name)}"
    return Script((path,), path, heredoc.content)
