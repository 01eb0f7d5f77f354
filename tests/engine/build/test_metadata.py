"""Instructions that change the config alone."""

import pytest

from engine.build import metadata
from engine.build.dockerfile.instructions import Instruction
from engine.build.dockerfile.parse import parse
from engine.image.config import RunConfig


def applied(config: RunConfig, *lines: str) -> metadata.Change:
    """The change that the last of the lines makes, after the others."""
    change = metadata.Change(config, "")
    has_command = False
    for step in _steps(lines):
        change = metadata.apply(change.config, step, metadata.Stand(has_command=has_command))
        has_command = has_command or step.keyword == "CMD"
    return change


def _steps(lines: tuple[str, ...]) -> tuple[Instruction, ...]:
    return parse("\n".join(("FROM scratch", *lines)).encode()).stages[0].instructions


def test_an_entry_point_does_away_with_the_command_of_the_image_below() -> None:
    below = RunConfig(cmd=["old"])
    assert applied(below, 'ENTRYPOINT ["x"]').config.cmd is None
    assert applied(below, 'CMD ["mine"]', 'ENTRYPOINT ["x"]').config.cmd == ["mine"]


def test_variables_keep_their_places() -> None:
    below = RunConfig(env=["A=1", "B=2"])
    assert applied(below, "ENV A=3 C=4").config.env == ["A=3", "B=2", "C=4"]


def test_a_shell_is_that_of_the_commands_behind_it() -> None:
    change = applied(RunConfig(), 'SHELL ["/bin/bash", "-c"]', "CMD echo")
    assert change.config.cmd == ["/bin/bash", "-c", "echo"]
    assert metadata.created_by(change.config, change.words).startswith("/bin/bash -c #(nop)  CMD [")


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [("", "a", "/a"), ("/a", "b/c", "/a/b/c"), ("/a", "/b/", "/b"), ("/a/b", "../..", "/"), ("", "//x", "/x")],
)
def test_a_relative_folder_lies_in_the_one_before(before: str, path: str, after: str) -> None:
    assert metadata.working_dir(RunConfig(working_dir=before), path) == after


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('CMD ["a", "b \\"c\\""]', 'CMD ["a" "b \\"c\\""]'),
        ("VOLUME /a /b", "VOLUME [/a /b]"),
        ("MAINTAINER me", "MAINTAINER me"),
        (
            "HEALTHCHECK --interval=1h1m --start-period=500ms CMD x",
            'HEALTHCHECK &{["CMD-SHELL" "x"] "1h1m0s" "0s" "500ms" "0s" \'\\x00\'}',
        ),
        ("HEALTHCHECK --interval=90s CMD x", 'HEALTHCHECK &{["CMD-SHELL" "x"] "1m30s" "0s" "0s" "0s" \'\\x00\'}'),
    ],
)
def test_the_history_has_dockers_words(line: str, words: str) -> None:
    assert applied(RunConfig(), line).words == words
