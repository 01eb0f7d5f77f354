"""Windows and offsets, as two ends would use them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.terminal.flow import Incoming, Outgoing
from dashboard.terminal.protocol import ProtocolError


def test_a_sender_stops_at_the_window_and_goes_on_after_an_acknowledgement() -> None:
    stream = Outgoing(window=100)
    assert stream.send(60) == 0
    assert stream.send(40) == 60
    assert stream.room == 0
    with pytest.raises(ValueError, match="do not fit"):
        stream.send(1)
    stream.acknowledge(60)
    assert stream.room == 60
    assert stream.send(60) == 100


def test_nobody_acknowledges_what_was_not_sent_or_takes_one_back() -> None:
    stream = Outgoing(window=100)
    stream.send(10)
    with pytest.raises(ProtocolError):
        stream.acknowledge(11)
    stream.acknowledge(10)
    with pytest.raises(ProtocolError):
        stream.acknowledge(9)


def test_a_receiver_refuses_gaps_repetitions_and_floods() -> None:
    stream = Incoming(window=100)
    stream.receive(0, 50)
    for offset in (0, 49, 51):
        with pytest.raises(ProtocolError, match="50 comes next"):
            stream.receive(offset, 1)
    stream.receive(50, 50)
    with pytest.raises(ProtocolError, match="without an acknowledgement"):
        stream.receive(100, 1)


def test_a_receiver_acknowledges_each_quarter_of_its_window() -> None:
    stream = Incoming(window=100)
    stream.receive(0, 100)
    assert [stream.consume(offset) for offset in (24, 25, 35, 49, 100)] == [None, 25, None, None, 100]


def test_a_stream_goes_on_where_another_connection_left_it() -> None:
    sender, receiver = Outgoing.at(5000, window=100), Incoming.at(5000, window=100)
    assert sender.room == 100
    receiver.receive(sender.send(30), 30)
    assert receiver.consume(4000) is None
    assert receiver.consume(5030) == 5030
    sender.acknowledge(5030)
    assert sender.room == 100


@given(st.integers(1, 1000), st.lists(st.integers(1, 1000)))
def test_two_ends_never_stall_and_never_exceed_the_window(window: int, sizes: list[int]) -> None:
    sender, receiver = Outgoing(window), Incoming(window)
    for wanted in sizes:
        size = min(wanted, window - window // 4)
        while sender.room < size:
            held = receiver.received - receiver.consumed
            assert held, "the sender waits and the receiver has nothing left to deal with"
            offset = receiver.consume(receiver.consumed + min(held, 7))
            if offset is not None:
                sender.acknowledge(offset)
        receiver.receive(sender.send(size), size)
        assert sender.sent - sender.acknowledged <= window
