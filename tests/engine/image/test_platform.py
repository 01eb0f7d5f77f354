import pytest

from engine.errors import InvalidParameter
from engine.image.platform import Platform, host, parse


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("linux/arm/v7", Platform("linux", "arm", "v7")),
        ("Linux/ARM64", Platform("linux", "arm64")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("aarch64", Platform("linux", "arm64")),
        ("windows/amd64", Platform("windows", "amd64")),
    ],
)
def test_good(text: str, platform: Platform) -> None:
    assert parse(text) == platform


def test_the_host() -> None:
    assert parse("linux") == host()
    assert host().architecture


@pytest.mark.parametrize("text", ["", "/", "linux/", "a/b/c/d", "linux/am d64", "nonsense", "../x"])
def test_bad(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse(text)
