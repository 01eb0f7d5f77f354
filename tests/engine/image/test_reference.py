"""The table of references; what Docker's own CLI and daemon say was looked at for each message."""

import pytest

from engine.errors import InvalidParameter
from engine.image.reference import Reference, matches, parse, parse_any

HEX = "7b1a6ab2e44dbac178598dabe7cff59bd67233dba0b27e4fbd1f9d4b3c877a54"
DIGEST = f"sha256:{HEX}"

GOOD = [
    ("busybox", "docker.io/library/busybox", "busybox"),
    ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
    ("library/busybox", "docker.io/library/busybox", "busybox"),
    ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
    ("docker.io/library/busybox:x", "docker.io/library/busybox:x", "busybox:x"),
    ("index.docker.io/team/app", "docker.io/team/app", "team/app"),
    ("team/app", "docker.io/team/app", "team/app"),
    ("a/b/c/d:t", "docker.io/a/b/c/d:t", "a/b/c/d:t"),
    ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
    ("localhost/app", "localhost/app", "localhost/app"),
    ("localhost:5000/app", "localhost:5000/app", "localhost:5000/app"),
    ("127.0.0.1:5000/team/app:1", "127.0.0.1:5000/team/app:1", "127.0.0.1:5000/team/app:1"),
    ("registry.example/app", "registry.example/app", "registry.example/app"),
    ("[::1]:5000/app:v", "[::1]:5000/app:v", "[::1]:5000/app:v"),
    ("[fd00:1:2::3]/app", "[fd00:1:2::3]/app", "[fd00:1:2::3]/app"),
    ("Registry/app", "Registry/app", "Registry/app"),
    (f"busybox@{DIGEST}", f"docker.io/library/busybox@{DIGEST}", f"busybox@{DIGEST}"),
    (f"busybox:1@{DIGEST}", f"docker.io/library/busybox:1@{DIGEST}", f"busybox:1@{DIGEST}"),
    ("a_b/c__d/e-f/g--h/i.j", "docker.io/a_b/c__d/e-f/g--h/i.j", "a_b/c__d/e-f/g--h/i.j"),
    ("a:" + "t" * 128, "docker.io/library/a:" + "t" * 128, "a:" + "t" * 128),
    ("a:_T.-9", "docker.io/library/a:_T.-9", "a:_T.-9"),
    ("127.0.0.1:5000", "docker.io/library/127.0.0.1:5000", "127.0.0.1:5000"),
]

FORMAT = "invalid reference format"
BAD = [
    ("", FORMAT),
    (":tag", FORMAT),
    ("a:", FORMAT),
    ("a@", FORMAT),
    ("a:" + "t" * 129, FORMAT),
    ("a:-x", FORMAT),
    ("a::b", FORMAT),
    ("a b", FORMAT),
    ("a\n", FORMAT),
    ("a/", FORMAT),
    ("/a", FORMAT),
    ("a//b", FORMAT),
    ("-a", FORMAT),
    ("a-", FORMAT),
    ("a..b", FORMAT),
    ("a___b", FORMAT),
    ("../a", FORMAT),
    ("a/../b", FORMAT),
    ("localhost:port/a", FORMAT),
    ("[::1/a", FORMAT),
    ("[zz::1]/a", FORMAT),
    ("https://registry.example/a", FORMAT),
    ("a@b", FORMAT),
    ("a@sha256:abc", FORMAT),
    (f"a@sha512:{HEX}", FORMAT),
    (f"a@{DIGEST}@{DIGEST}", FORMAT),
    ("a@sha256:../../../../../../../../../../../../../../../../etc/passwd", FORMAT),
    ("näme", FORMAT),
    ("BusyBox", "invalid reference format: repository name (library/BusyBox) must be lowercase"),
    ("team/App:x", "invalid reference format: repository name (team/App) must be lowercase"),
    (HEX, f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings"),
    ("a/" * 150 + "a", "repository name must not be more than 255 characters"),
]


@pytest.mark.parametrize(("text", "canonical", "familiar"), GOOD)
def test_good(text: str, canonical: str, familiar: str) -> None:
    reference = parse(text)
    assert str(reference) == canonical
    assert reference.familiar == familiar
    assert parse(canonical) == parse(familiar) == reference


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad(text: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse(text)
    assert caught.value.message == message


def test_tags_and_digests_of_a_name() -> None:
    reference = parse("busybox")
    assert reference.with_default_tag().familiar == "busybox:latest"
    assert parse("busybox:1").with_default_tag().familiar == "busybox:1"
    assert parse(f"busybox@{DIGEST}").with_default_tag().familiar == f"busybox@{DIGEST}"
    assert reference.tagged("2").familiar == "busybox:2"
    assert reference.pinned(DIGEST) == Reference("docker.io", "library/busybox", None, DIGEST)
    for tag in ("", "a b", "a/b", "t" * 129, "-a"):
        with pytest.raises(InvalidParameter, match="invalid tag format"):
            reference.tagged(tag)


def test_what_may_be_an_id() -> None:
    assert parse_any(HEX) == parse_any(DIGEST) == DIGEST
    assert parse_any("7b1a6ab2e44d") == parse("7b1a6ab2e44d")


@pytest.mark.parametrize(
    ("pattern", "name", "does"),
    [
        ("busybox", "busybox:1", True),
        ("busybox:1", "busybox:1", True),
        ("busybox:2", "busybox:1", False),
        ("busy*", "busybox:1", True),
        ("busy*:2*", "busybox:1", False),
        ("*", "busybox:1", True),
        ("*", "team/app:1", False),
        ("*/*", "team/app:1", True),
        ("team/a??", "team/app:1", True),
        ("team/[ab]pp", "team/app:1", True),
        ("team/[^b]pp", "team/app:1", True),
        ("team/[^a]pp", "team/app:1", False),
        ("app", "team/app:1", False),
        (r"team/\app", "team/app:1", True),
        ("a.c", "abc:1", False),
        ("[a-c]*:?", "busy:1", True),
    ],
)
def test_patterns(pattern: str, name: str, does: bool) -> None:
    assert matches(pattern, parse(name)) is does


@pytest.mark.parametrize("pattern", ["a[b-", "[", "[]", "[^]", "[]a]", "[-]", "[a-]", "a\\", "[a\\"])
def test_a_pattern_that_is_none(pattern: str) -> None:
    with pytest.raises(InvalidParameter, match="syntax error in pattern"):
        matches(pattern, parse("a"))
