"""`.dockerignore` by the reference's own examples, moby's quirks, and a slow matcher that says the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.build.ignore import Ignore, ignore_files, read_patterns
from engine.errors import InvalidParameter


def ignored(text: str, *paths: str) -> list[str]:
    ignore = Ignore(read_patterns(text.encode()))
    return [path for path in paths if ignore(path)]


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        (
            "# comment\n*/temp*\n*/*/temp*\ntemp?\n",
            ["a/temporary.txt", "a/b/temp", "tempa"],
            ["temp", "x", "a/b/c/temp"],
        ),
        ("*.md\n!README.md\n", ["a.md"], ["README.md", "x/a.md"]),
        ("*.md\n!README*.md\nREADME-secret.md\n", ["README-secret.md", "b.md"], ["README-x.md"]),
        ("*.md\nREADME-secret.md\n!README*.md\n", ["b.md"], ["README-secret.md"]),
        ("**/*.go\n", ["a.go", "x/y/a.go"], ["a.god"]),
        ("node_modules/\n", ["node_modules", "node_modules/x/y"], ["a/node_modules"]),
        ("/foo/bar\n", ["foo/bar", "foo/bar/baz"], ["foo", "x/foo/bar"]),
        ("foo/**\n", ["foo/a", "foo/a/b"], ["foo"]),
        ("**\n!src\n", ["b", "b/src", "srcs"], ["src", "src/a/b"]),
        ("docs\n!docs/keep\ndocs/keep/not\n", ["docs", "docs/a", "docs/keep/not/b"], ["docs/keep", "docs/keep/a"]),
        ("a/../b/./c//d\n", ["b/c/d"], ["a"]),
        (".\n", [], ["a", "b/c"]),
        ("  a  \n\n   \n! b\nb\n", ["a", "b"], ["c"]),
        ("a[0-9]?\\*\n[^x]y\n", ["a1b*", "zy"], ["ab", "xy", "/y"]),
        ("**.log\n", ["x.log", "a/b.log"], ["log"]),
        ("a/**/b\n", ["a/b", "a/x/b", "a/x/y/b/c"], ["a/xb", "b"]),
        ("\ufeffa\n", ["a"], []),
        ("a\r\nb\r\n", ["a", "b"], []),
        ("../x\n", [], ["x"]),
    ],
)
def test_patterns_decide(text, left_out, kept):
    assert ignored(text, *left_out, *kept) == left_out


@pytest.mark.parametrize("text", ["[", "a[", "[]a]", "[a-", "x\\", "!", "!  "])
def test_malformed_patterns_are_refused(text):
    with pytest.raises(InvalidParameter):
        ignored(text)


def test_no_patterns_leave_nothing_out():
    assert Ignore(()).is_empty
    assert ignored("# only this\n", "a", "b/c") == []


def test_the_dockerfiles_own_file_comes_first():
    assert ignore_files("docker/app.Dockerfile") == ("docker/app.Dockerfile.dockerignore", ".dockerignore")


def test_a_pattern_of_many_stars_is_no_trap():
    assert ignored("*a*a*a*a*a*a*a*a*a*b\n**/**/**/**/**/x/**/y", "a" * 4000, "a/" * 2000 + "z") == []


NAMES = st.text("ab.", min_size=1, max_size=3).filter(lambda name: set(name) != {"."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(
    st.one_of(NAMES, st.just("**"), st.just("*"), st.just("a*"), st.just("?b"), st.just("*.*")), min_size=1, max_size=3
).map("/".join)


def slow(pattern: str) -> re.Pattern[str]:
    """The same pattern as an expression, which moby makes of it too."""
    text = re.sub(r"(\*\*/)+\*\*$|\*\*$", "<all>", pattern)
    for written, meant in (("**/", "<folders>"), ("*", "<run>"), ("?", "<one>")):
        text = text.replace(written, meant)
    text = re.escape(text)
    for mark, expression in (("<all>", ".*"), ("<folders>", "(?:.*/)?"), ("<run>", "[^/]*"), ("<one>", "[^/]")):
        text = text.replace(re.escape(mark), expression)
    return re.compile(text)


@given(st.lists(st.tuples(st.booleans(), PATTERNS), max_size=5), st.lists(PATHS, max_size=6))
def test_the_automaton_says_what_expressions_say(patterns, paths):
    ignore = Ignore([("!" if is_exception else "") + pattern for is_exception, pattern in patterns])
    for path in paths:
        parts = path.split("/")
        prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        decided = [not exc for exc, pattern in patterns if any(slow(pattern).fullmatch(prefix) for prefix in prefixes)]
        assert ignore(path) == (bool(decided) and decided[-1]), (patterns, path)
