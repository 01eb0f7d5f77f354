import sys

from engine.linux.wire import NESTED, attribute, attributes, message, messages


def test_messages_are_read_as_they_were_written() -> None:
    data = message(16, 1, 7, b"abcd") + message(17, 2, 8, b"efghij").ljust(24, b"\0") + message(18, 0, 9, b"")
    found = list(messages(data))
    assert [(each.kind, each.flags, each.sequence, each.body) for each in found] == [
        (16, 1, 7, b"abcd"),
        (17, 2, 8, b"efghij"),
        (18, 0, 9, b""),
    ]
    assert [each.offset for each in found] == [0, 20, 44]


def test_attributes_are_padded_and_their_flags_are_no_part_of_the_type() -> None:
    inner = attribute(3, b"\x01")
    assert len(inner) == 8
    data = attribute(1, inner, attribute(4, b"xy"), nested=True) + attribute(2, b"last")
    assert data[2:4] == (NESTED | 1).to_bytes(2, sys.byteorder)
    found = attributes(data)
    assert found[2] == b"last"
    assert attributes(found[1]) == {3: b"\x01", 4: b"xy"}


def test_what_is_cut_off_ends_the_reading() -> None:
    assert list(messages(b"\x10\0\0")) == []
    assert [each.body for each in messages(message(16, 0, 1, b"abcd")[:-2])] == [b"ab"]
    assert list(messages(b"\0" * 32))  # a length of zero does not stop it from getting on
    assert attributes(b"\0\0\0") == {}
    assert attributes(b"\0" * 8) == {0: b""}
