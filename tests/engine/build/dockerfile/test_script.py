"""What a RUN runs, and that real shells do the same with it as with a heredoc."""

import subprocess

import pytest

from engine.build.dockerfile.instructions import Run
from engine.build.dockerfile.parse import parse
from engine.build.dockerfile.script import Script, run_script


def script(text: str, shell: tuple[str, ...] = ("/bin/sh", "-c")) -> Script:
    (step,) = parse(f"FROM a\n{text}\n".encode()).stages[0].instructions
    assert isinstance(step, Run)
    return run_script(step, shell)


def test_the_shell_is_the_stages():
    assert script("RUN a b", ("/bin/bash", "-o", "pipefail", "-c")).argv == ("/bin/bash", "-o", "pipefail", "-c", "a b")
    assert script('RUN ["a", "b"]', ("x",)).argv == ("a", "b")


@pytest.mark.parametrize("name", ["EOF", "a.py", "../../x", "..", "."])
def test_a_script_of_its_own_is_a_file_in_its_folder(name):
    made = script(f"RUN <<{name}\n#!/bin/cat\nx\n{name}")
    assert made.path.startswith("/dev/pipes/")
    assert made.path.count("/") == 3
    assert ".." not in made.path
    assert (made.argv, made.content) == ((made.path,), "#!/bin/cat\nx\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RUN <<EOF\nset -e\necho $((1+1))\nEOF", "2\n"),
        ("RUN cat <<EOF\n$((1+2))\nEOF", "3\n"),
        ("RUN cat <<'EOF'\n$x\nEOF", "$x\n"),
        ("RUN cat <<-EOF | tr a b\n\ta\n\tEOF", "b\n"),
        ("RUN cat <<A && cat <<B\none\nA\ntwo\nB", "one\ntwo\n"),
        ("RUN echo a && \\\n  echo b", "a\nb\n"),
    ],
)
def test_shells_understand_it(text, said):
    assert subprocess.run(script(text).argv, capture_output=True, text=True, check=True).stdout == said
