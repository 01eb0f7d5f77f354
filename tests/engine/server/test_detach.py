import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidParameter
from engine.server.detach import DEFAULT_KEYS, Detector, parse_keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (None, b"\x10\x11"),
        ("", b"\x10\x11"),
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("a", b"a"),
        ("a,b,ctrl-c", b"ab\x03"),
        ("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", b"\x00\x1b\x1c\x1d\x1e\x1f"),
        ("Z,1", b"Z1"),
    ],
)
def test_parse_keys(text: str | None, keys: bytes):
    assert parse_keys(text) == keys


@pytest.mark.parametrize("text", ["foo", "ctrl-", "ctrl-1", "ctrl-A", "a,", "ü", "a,,b", ","])
def test_what_is_no_key(text: str):
    with pytest.raises(InvalidParameter) as raised:
        parse_keys(text)
    assert raised.value.message == f"Invalid detach keys ({text}) provided"


def run(keys: bytes, *pieces: bytes) -> tuple[bytes, bool]:
    """What goes through, to the detachment or to the end of input."""
    detector, passed = Detector(keys), b""
    for piece in pieces:
        data, detached = detector.scan(piece)
        passed += data
        if detached:
            return passed, True
    return passed + detector.rest(), False


@pytest.mark.parametrize(
    ("pieces", "passed", "detached"),
    [
        ((b"ls\n",), b"ls\n", False),
        ((b"\x10\x11",), b"", True),
        ((b"ab\x10", b"\x11cd"), b"ab", True),
        ((b"\x10", b"x"), b"\x10x", False),
        ((b"\x10", b"\x10", b"\x11"), b"\x10", True),
        ((b"\x11\x10",), b"\x11\x10", False),
        ((b"a\x10",), b"a\x10", False),
        ((b"", b""), b"", False),
    ],
)
def test_detector(pieces: tuple[bytes, ...], passed: bytes, detached: bool):
    assert run(DEFAULT_KEYS, *pieces) == (passed, detached)


@given(typed=st.lists(st.binary(max_size=20), max_size=10))
def test_all_that_does_not_detach_goes_through_unchanged(typed: list[bytes]):
    whole = b"".join(typed)
    passed, detached = run(DEFAULT_KEYS, *typed)
    if DEFAULT_KEYS in whole:
        assert (passed, detached) == (whole[: whole.index(DEFAULT_KEYS)], True)
    else:
        assert (passed, detached) == (whole, False)


@given(
    keys=st.binary(min_size=1, max_size=3),
    typed=st.lists(st.sampled_from([b"a", b"b", b"aa", b"ab", b"aab"])),
    data=st.data(),
)
def test_how_the_input_is_cut_makes_no_difference(keys: bytes, typed: list[bytes], data: st.DataObject):
    keys = data.draw(st.sampled_from([b"a", b"ab", b"aab", keys]))
    assert run(keys, *typed) == run(keys, b"".join(typed))
