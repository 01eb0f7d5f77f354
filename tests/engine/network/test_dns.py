import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.network import dns

HEADER = struct.pack("!6H", 0x1234, 0x0100, 1, 0, 0, 0)
QUESTION = HEADER + b"\3Web\4Shop\0" + struct.pack("!2H", dns.A, 1)


def test_a_question_is_read() -> None:
    query = dns.read_query(QUESTION)
    assert (query.identifier, query.name, query.kind) == (0x1234, "web.shop", dns.A)
    assert query.reverse_address is None


def test_the_address_of_a_reverse_question() -> None:
    name = b"".join(bytes([len(part)]) + part for part in (b"5", b"0", b"18", b"172", b"in-addr", b"arpa")) + b"\0"
    query = dns.read_query(HEADER + name + struct.pack("!2H", dns.PTR, 1))
    assert query.reverse_address == IPv4Address("172.18.0.5")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        HEADER,
        QUESTION[:-1],
        HEADER + b"\xc0\x0c" + QUESTION[-4:],  # a pointer
        HEADER + b"\x3f" * 300,
        QUESTION[:2] + b"\x81\x00" + QUESTION[4:],  # an answer
        QUESTION[:4] + b"\0\2" + QUESTION[6:],  # two questions
        QUESTION[:-2] + b"\0\3",  # another class
    ],
)
def test_what_is_no_question(message: bytes) -> None:
    with pytest.raises(dns.Malformed):
        dns.read_query(message)


def test_an_answer_by_udp_is_no_longer_than_its_reader_takes() -> None:
    addresses = [IPv4Address(0x0A000000 + number) for number in range(100)]
    answer = dns.addresses_answer(dns.read_query(QUESTION), addresses, limit=dns.UDP_LIMIT)
    assert 400 < len(answer) <= dns.UDP_LIMIT
    assert int.from_bytes(answer[6:8], "big") == (len(answer) - len(QUESTION)) // 16


def test_who_answers_must_answer_the_question() -> None:
    query = dns.read_query(QUESTION)
    answer = dns.with_identifier(dns.addresses_answer(query, [IPv4Address("10.0.0.1")], limit=512), 7)
    assert dns.answers(answer, 7, query)
    assert not dns.answers(answer, 8, query)
    assert not dns.answers(answer.replace(b"Web", b"Wob"), 7, query)
    assert not dns.answers(QUESTION, 0x1234, query)
    assert dns.refusal(answer, dns.FORMAT_ERROR) == b""


@given(st.binary(max_size=600))
def test_anything_is_a_question_or_malformed(message: bytes) -> None:
    try:
        query = dns.read_query(message)
    except dns.Malformed:
        assert len(dns.refusal(message, dns.FORMAT_ERROR)) in {0, 12}
    else:
        assert dns.read_query(message[:12] + query.asked) == query
