from dashboard.containers.logs.frames import Stream
from dashboard.containers.logs.lines import LINE_LIMIT, Line, LineReader
from tests.dashboard.containers.logs.test_frames import framed

T1, T2 = "2026-01-02T03:04:05.000000001Z", "2026-01-02T03:04:05.000000002Z"


def test_lines_have_their_stream_and_time() -> None:
    reader = LineReader(has_tty=False)
    wire = framed([(Stream.STDOUT, f"{T1} out\n".encode()), (Stream.STDERR, f"{T2} two words\n".encode())])
    assert reader.feed(wire) == [Line(Stream.STDOUT, T1, "out"), Line(Stream.STDERR, T2, "two words")]
    assert reader.close() == []


def test_streams_that_take_turns_within_a_line_do_not_mix() -> None:
    reader = LineReader(has_tty=False)
    pieces = [(Stream.STDOUT, f"{T1} be".encode()), (Stream.STDERR, f"{T2} err\n".encode()), (Stream.STDOUT, b"gin\n")]
    assert reader.feed(framed(pieces)) == [Line(Stream.STDERR, T2, "err"), Line(Stream.STDOUT, T1, "begin")]


def test_a_character_cut_in_two_is_whole_again() -> None:
    reader = LineReader(has_tty=True)
    wire = f"{T1} é\r\n".encode()
    assert reader.feed(wire[:-3]) == []
    assert reader.feed(wire[-3:]) == [Line(Stream.STDOUT, T1, "é")]


def test_bytes_that_are_no_text_are_marked() -> None:
    assert LineReader(has_tty=True).feed(f"{T1} ".encode() + b"\xff\n") == [Line(Stream.STDOUT, T1, "\ufffd")]


def test_the_last_line_needs_no_end() -> None:
    reader = LineReader(has_tty=True)
    assert reader.feed(f"{T1} prompt>".encode()) == []
    assert reader.close() == [Line(Stream.STDOUT, T1, "prompt>")]


def test_an_empty_line_is_a_line() -> None:
    assert LineReader(has_tty=True).feed(f"{T1} \n".encode()) == [Line(Stream.STDOUT, T1, "")]


def test_a_line_without_end_comes_in_parts_and_is_not_kept() -> None:
    reader = LineReader(has_tty=True)
    head = f"{T1} ".encode()
    lines = reader.feed(head + b"x" * (3 * LINE_LIMIT)) + reader.feed(b"end\n" + head + b"next\n")
    assert [line.time for line in lines] == [T1, "", "", "", T1]
    assert "".join(line.text for line in lines[:-1]) == "x" * (3 * LINE_LIMIT) + "end"
    assert lines[-1].text == "next"
