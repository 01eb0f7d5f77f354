"""Bytes in, values out: the frames, the bytes that both ends agree on, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.terminal import protocol
from dashboard.terminal.protocol import (
    MAX_CHUNK,
    MAX_TEXT,
    Acknowledge,
    Close,
    Frame,
    Hello,
    Input,
    Output,
    Person,
    Ping,
    Pong,
    ProtocolError,
    Ready,
    Reason,
    Resize,
    State,
    decode,
    decode_from_client,
    encode,
)

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())

offsets = st.integers(0, 2**53 - 1)
chunks = st.binary(min_size=1, max_size=300)
sides = st.integers(1, 0xFFFF)
tokens = st.binary(max_size=16)
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200)
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(
        Hello,
        version=st.integers(0, 9),
        rows=sides,
        columns=sides,
        session=words,
        client=st.text("0123456789abcdefXYZ", max_size=32),
        received=st.none() | offsets,
        ticket=words,
        shell=words,
        user=words,
        workdir=words,
        title=st.text("title ", max_size=64),
        attach=st.booleans(),
        record=st.booleans(),
    ),
    st.builds(
        Ready,
        version=st.integers(0, 9),
        session=words,
        input=offsets,
        output=offsets,
        input_window=offsets,
        output_window=offsets,
        end=offsets,
        shell=words,
        shells=st.lists(words, max_size=3).map(tuple),
        lasts=st.booleans(),
    ),
    st.builds(
        State,
        rows=sides,
        columns=sides,
        leads=st.booleans(),
        people=st.lists(st.builds(Person, words, st.booleans()), max_size=3).map(tuple),
        records=st.booleans(),
    ),
    st.builds(Input, offsets, chunks),
    st.builds(Output, offsets, chunks),
    st.builds(Acknowledge, offsets),
    st.builds(Resize, sides, sides),
    st.builds(Ping, tokens),
    st.builds(Pong, tokens),
    st.builds(Close, st.sampled_from(Reason), words, st.none() | st.integers(0, 255)),
)


@given(frames)
def test_every_frame_survives_the_wire(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(st.binary(max_size=64))
def test_any_bytes_are_a_frame_or_refused(message: bytes) -> None:
    try:
        frame = decode(message)
    except ProtocolError:
        return
    assert decode(encode(frame)) == frame


@given(st.sampled_from([encode(Hello(version=1, rows=24, columns=80)), encode(Close(Reason.ENDED, "x", 1))]), st.data())
def test_damaged_frames_are_refused_or_read_as_something_valid(message: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(message) - 1))
    damaged = message[:place] + bytes([data.draw(st.integers(0, 255))]) + message[place + 1 :]
    try:
        frame = decode(damaged)
    except ProtocolError:
        return
    assert decode(encode(frame)) == frame


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["bytes"][:8])
def test_both_ends_agree_on_the_bytes(vector: dict[str, Any]) -> None:
    fields = dict(vector["fields"])
    for name in ("data", "token"):
        if name in fields:
            fields[name] = bytes.fromhex(fields[name])
    if "people" in fields:
        fields["people"] = tuple(fields["people"])
    frame = getattr(protocol, vector["kind"].capitalize())(**fields)
    assert encode(frame).hex() == vector["bytes"]
    assert decode(bytes.fromhex(vector["bytes"])) == frame


def hello(**fields: object) -> bytes:
    return b"\x01" + json.dumps({"version": 1, "rows": 24, "columns": 80, **fields}).encode()


REFUSED = {
    "nothing": b"",
    "an unknown opcode": b"\x7f",
    "opcode zero": b"\x00",
    "input without an offset": b"\x03\x00\x00",
    "input without bytes": b"\x03" + bytes(8),
    "input beyond the limit": b"\x03" + bytes(8) + bytes(MAX_CHUNK + 1),
    "a short acknowledgement": b"\x05" + bytes(7),
    "a long acknowledgement": b"\x05" + bytes(9),
    "no rows": b"\x06\x00\x00\x00\x50",
    "no columns": b"\x06\x00\x18\x00\x00",
    "half a size": b"\x06\x00\x18",
    "a long token": b"\x07" + bytes(17),
    "a reason that does not exist": b"\x09\x00\x07\xff\xff\xff\xff",
    "a close without a reason": b"\x09\x03",
    "a close that is not UTF-8": b"\x09\x03\xe8\xff\xff\xff\xff\xc3",
    "a close that goes on and on": b"\x09\x03\xe8\xff\xff\xff\xff" + b"x" * (MAX_TEXT + 1),
    "a hello that is not JSON": b"\x01{",
    "a hello that is not UTF-8": b'\x01{"version":1,"rows":1,"columns":1,"user":"\xff"}',
    "a hello without a size": b'\x01{"version":1}',
    "a hello with no rows": hello(rows=0),
    "a hello of a million rows": hello(rows=1_000_000),
    "a size in words": hello(rows="24"),
    "NUL in a user": hello(user="a\0b"),
    "a newline in a directory": hello(workdir="/a\nb"),
    "a long shell": hello(shell="x" * 1025),
    "a hello beyond the limit": hello(comment="x" * MAX_TEXT),
    "output from before the beginning": hello(received=-1),
    "a client with a slash in its name": hello(client="a/b"),
    "a title of more than a line": hello(title="x" * 65),
    "a state without a size": b'\x0a{"leads":true}',
}


@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED.keys())
def test_refused(message: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(message)


def test_a_client_does_not_speak_as_a_server() -> None:
    with pytest.raises(ProtocolError, match="a client does not send OUTPUT"):
        decode_from_client(encode(Output(0, b"x")))


def test_fields_of_later_versions_are_passed_over() -> None:
    assert decode(hello(colours="many")) == Hello(version=1, rows=24, columns=80)


def test_a_close_tells_as_much_as_fits_and_no_half_characters() -> None:
    frame = decode(encode(Close(Reason.ENGINE, "é" * MAX_TEXT)))
    assert frame == Close(Reason.ENGINE, "é" * (MAX_TEXT // 2))
    assert decode(encode(Close(Reason.ENGINE, "\udcff"))) == Close(Reason.ENGINE, "?")
