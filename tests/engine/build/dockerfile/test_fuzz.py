"""Whatever the bytes are: a plan, or a ParseError. And facts that hold for all words."""

import re
import shlex
import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.build.dockerfile import glob
from engine.build.dockerfile.errors import ParseError, SyntaxProblem
from engine.build.dockerfile.expand import expand, expand_text, expand_words
from engine.build.dockerfile.parse import parse, parse_triggers
from engine.build.dockerfile.words import quoted_words
from tests.engine.build.dockerfile.outline import outline
from tests.engine.build.dockerfile.test_corpus import CORPUS, NAMES

KEYWORDS = [
    "FROM",
    "RUN",
    "CMD",
    "COPY",
    "ADD",
    "ENV",
    "ARG",
    "LABEL",
    "EXPOSE",
    "HEALTHCHECK",
    "ONBUILD",
    "SHELL",
    "X",
]
PARTS = ["a", "--from=0", "--mount=type=cache,target=/c", "<<EOF", "<<-'E'", "EOF", "\\", "\n", "\t", '"', "'", "$A"]
PARTS += [
    "${A",
    "}",
    "[",
    '"]',
    "=",
    " AS b",
    "#",
    "# escape=`\n",
    "`",
    ":-",
    "//",
    "--",
    "NONE",
    "CMD",
    "\x00",
    "é",
    "\r\n",
]
LINES = st.lists(st.tuples(st.sampled_from(KEYWORDS), st.lists(st.sampled_from(PARTS), max_size=6)), max_size=6).map(
    lambda lines: "\n".join(f"{keyword} {' '.join(parts)}" for keyword, parts in lines)
)
TEXTS = st.one_of(
    st.binary(), st.text().map(str.encode), LINES.map(str.encode), LINES.map(lambda text: b"FROM a\n" + text.encode())
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_bytes_are_a_plan_or_an_error(text):
    assert outline(text, [])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_dockerfile_cut_anywhere_is_a_plan_or_an_error(data):
    text = (CORPUS / f"{data.draw(st.sampled_from(NAMES))}.Dockerfile").read_bytes()
    at = data.draw(st.integers(0, len(text)))
    outline(text[:at] + data.draw(st.binary(max_size=3)) + text[at:], [])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="${}:-+?#%/*\\\"'aA ")), st.sampled_from("\\`"))
def test_any_word_is_expanded_or_refused(word, escape):
    env = {"a": "x y", "A": "aa/b*", "": "no"}
    try:
        whole, words = expand(word, env, escape), expand_words(word, env, escape)
    except SyntaxProblem:
        return
    assert "".join(whole.split()) == "".join("".join(words).split())
    try:
        expand_text(word, env)
    except SyntaxProblem:
        return


@given(st.text())
def test_what_is_quoted_for_a_shell_stays_what_it_is(text):
    """shlex.quote writes single quotes only, which are the same in a Dockerfile."""
    assert expand(shlex.quote(text), {"x": "y"}) == text


@given(st.text(alphabet=string.printable))
def test_escaped_character_by_character_it_stays_too(text):
    assert expand("".join(f"\\{char}" for char in text), {"x": "y"}) == text


@given(st.lists(st.text(alphabet="ab\"' \\$", min_size=1)))
def test_quoted_words_come_out_as_they_went_in(words):
    joined = " ".join(map(shlex.quote, words))
    assert [expand(word, {}) for word in quoted_words(joined, "\\")] == words


@given(st.text(alphabet="ab*?.", max_size=6), st.text(alphabet="ab.", max_size=12))
def test_patterns_match_what_expressions_match(pattern, value):
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    shortest = re.escape(pattern).replace(r"\*", ".*?").replace(r"\?", ".")
    for text, longest in ((expression, True), (shortest, False)):
        found = re.match(text, value, re.DOTALL)
        expected = value[found.end() :] if found else value
        assert glob.remove_prefix(value, pattern, longest=longest) == expected


SAFE = st.text(alphabet="ab*?", max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="ab", max_size=8), SAFE, st.text(alphabet="xy", max_size=2))
def test_modifiers_are_those_of_bash(value, pattern, replacement):
    kinds = [f"${{V{sign}{pattern}}}" for sign in ("#", "##", "%", "%%", ":-", "-", ":+", "+")]
    kinds += [f"${{V{sign}{pattern}/{replacement}}}" for sign in ("/", "//") if pattern]
    kinds = [kind for kind in kinds if not kind.startswith(("${V/#", "${V/%"))]
    script = "printf '%s\\n' " + " ".join(f'"{kind}"' for kind in kinds)
    said = subprocess.run(["bash", "-c", script], env={"V": value}, capture_output=True, text=True, check=True)
    assert [expand(f'"{kind}"', {"V": value}) for kind in kinds] == said.stdout.split("\n")[:-1]


def test_nothing_is_nested_too_deeply():
    with pytest.raises(SyntaxProblem, match="nested too deeply"):
        expand("${a:-" * 5000 + "}" * 5000, {})
    outline(b"FROM a\nRUN " + b"[" * 100_000, [])
    outline(b"FROM a\nCMD [" + b"[" * 100_000 + b"]" * 100_000, [])


def test_patterns_do_not_take_forever():
    assert expand("${v##" + "*a" * 30 + "b}", {"v": "a" * 3000}) == "a" * 3000
    with pytest.raises(SyntaxProblem, match="too long"):
        expand("${v//a*b/c}", {"v": "a" * 100_000})


def test_ten_thousand_stages_are_planned():
    text = "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(3000))
    assert outline(text.encode(), ["target=s3000"]).count("stage ") == 6001


def test_a_file_that_is_too_large():
    with pytest.raises(ParseError, match="bytes"):
        parse(b"#" * (5 << 20))


def test_triggers_are_read_as_where_they_are_triggered():
    base = parse(b"# x\nFROM img\n").stages[0].base
    run, copy = parse_triggers(["RUN <<EOF\necho\nEOF", "copy a b"], base)
    assert (run.keyword, copy.keyword, run.position.first) == ("RUN", "COPY", 2)
    with pytest.raises(ParseError, match=r"line 2: ONBUILD 'COPY x' of img: COPY requires"):
        parse_triggers(["COPY x"], base)
