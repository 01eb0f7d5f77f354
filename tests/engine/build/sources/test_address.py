"""What an address means, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from engine.build.sources.address import GitAddress, where, without_credentials
from engine.errors import InvalidParameter, NotSupported

R = "https://example.com/a/b.git"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (R, GitAddress(R)),
        (f"{R}#main", GitAddress(R, ref="main")),
        (f"{R}#v1.0:docker/app", GitAddress(R, ref="v1.0", subdir="docker/app")),
        (f"{R}#:/docker/", GitAddress(R, subdir="docker")),
        (f"{R}#refs/pull/42/head", GitAddress(R, ref="refs/pull/42/head")),
        (f"{R}?branch=dev&subdir=x", GitAddress(R, ref="refs/heads/dev", subdir="x")),
        (f"{R}?tag=v1&submodules=0", GitAddress(R, ref="refs/tags/v1", submodules=False)),
        (f"{R}?keep-git-dir", GitAddress(R, keep_git_dir=True)),
        (f"{R}?checksum=abcdef1", GitAddress(R, ref="abcdef1", checksum="abcdef1")),
        (f"{R}?ref=main&commit={'a' * 40}", GitAddress(R, ref="main", checksum="a" * 40)),
        ("https://u:p%40@example.com/b.git", GitAddress("https://example.com/b.git", credentials="u:p%40")),
        ("git://example.com:9418/b", GitAddress("git://example.com:9418/b")),
        ("http://example.com/b.git", GitAddress("http://example.com/b.git")),
    ],
)
def test_git_addresses(text, address):
    assert where(text) == address


def test_the_old_short_form_is_for_contexts():
    assert where("github.com/a/b", is_context=True) == GitAddress("https://github.com/a/b")
    assert where("github.com/a/b") is None


@pytest.mark.parametrize("text", ["https://example.com/a.tar.gz", "http://example.com/b.git/x", "https://e.com/?x=1#y"])
def test_files_of_web_servers(text):
    assert where(text) == URL(text)


@pytest.mark.parametrize("text", ["a", "./a b", "/x/y", "dir:name", "", "a//b", "-x", "[a-z]*"])
def test_paths(text):
    assert where(text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"{R}#--upload-pack=touch",
        f"{R}#-x",
        f"{R}#a..b",
        f"{R}#a b",
        f"{R}#+refs/heads/x",
        f"{R}#a^b",
        f"{R}#main:../../etc",
        f"{R}?ref=a&branch=b",
        f"{R}?branch=--upload-pack",
        f"{R}?what=x",
        f"{R}?ref=",
        f"{R}?checksum=xyz",
        f"{R}?keep-git-dir=maybe",
        "git://-oProxyCommand=x/b.git",
        "https://exa\nmple.com/a.git",
        "https:///a.git",
        "https://example.com:99999/a.git",
        "https://[::1/a.git",
        "ftp://example.com/x",
        "https://" + "a" * 5000,
    ],
)
def test_addresses_that_can_not_be(text):
    with pytest.raises(InvalidParameter):
        where(text)


@pytest.mark.parametrize(
    "text",
    ["git@github.com:a/b.git", "ssh://git@example.com/a.git", "file:///etc/passwd", "ext://sh", "me@-oX:b"],
)
def test_protocols_that_are_not_spoken(text):
    with pytest.raises(NotSupported):
        where(text)


def test_messages_do_not_show_passwords():
    assert without_credentials("https://u:secret@e.com/x@y") == "https://e.com/x@y"
    with pytest.raises(InvalidParameter) as failure:
        where("https://u:secret@e.com/b.git#-x")
    assert "secret" not in failure.value.message


@given(st.text())
def test_any_text_is_an_address_or_a_path_or_refused(text):
    for candidate in (text, f"https://{text}.git", f"{R}#{text}", f"{R}?{text}"):
        try:
            found = where(candidate, is_context=True)
        except (InvalidParameter, NotSupported):
            continue
        if isinstance(found, GitAddress):
            assert not found.ref.startswith("-")
            assert ".." not in found.subdir.split("/")
            assert "@" not in found.remote.split("/")[2]
