"""The transcript: order, slots, bounds."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.output import transcript as module
from dashboard.jobs.output.entries import START, Dropped, Entry, EntryId, Layer, Line, Moved, decode, is_last
from dashboard.jobs.output.transcript import Transcript
from dashboard.jobs.states import State


def line(text: str) -> Line:
    return Line(text=text, at=1.0)


def layer(name: str, status: str) -> Layer:
    return Layer(layer=name, order=0, status=status)


def entries(transcript: Transcript) -> list[Entry]:
    return [decode(data) for _id, data in transcript.everything()]


def test_lines_stay_and_of_a_layer_only_the_last_word_does() -> None:
    transcript = Transcript(attempt=1)
    for entry in (line("a"), layer("x", "Waiting"), line("b"), layer("x", "Downloading")):
        transcript.add(entry)
    assert entries(transcript) == [line("a"), line("b"), layer("x", "Downloading")]
    assert transcript.take_removed() == [EntryId(1, 2)]
    assert transcript.take_removed() == []


def test_after_gives_what_a_reader_lacks() -> None:
    transcript = Transcript(attempt=1)
    ids = [transcript.add(line(text)) for text in "abc"]
    assert [id_ for id_, _data in transcript.after(ids[0])] == ids[1:]
    assert [id_ for id_, _data in transcript.after(START)] == ids
    assert list(transcript.after(ids[-1])) == []


def test_a_later_attempt_goes_on_behind_the_earlier_one() -> None:
    first = Transcript(attempt=1)
    first.add(line("a"))
    first.add(layer("x", "Downloading"))
    second = Transcript(attempt=2, past=[(id_, decode(data)) for id_, data in first.everything()])
    assert second.last == EntryId(1, 2)
    assert second.add(layer("x", "Pull complete")) == EntryId(2, 1)
    assert entries(second) == [line("a"), layer("x", "Pull complete")]
    assert second.take_removed() == [EntryId(1, 2)]


def test_one_who_resumes_its_own_attempt_gives_no_id_twice() -> None:
    again = Transcript(attempt=1, past=[(EntryId(1, 7), line("a"))])
    assert again.add(line("b")) == EntryId(1, 8)


def test_too_many_lines_push_out_the_oldest_and_say_so(monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_LINES", 3)
    transcript = Transcript(attempt=1)
    transcript.add(layer("x", "Downloading"))
    for number in range(10):
        transcript.add(line(str(number)))
    kept = entries(transcript)
    assert [entry for entry in kept if isinstance(entry, Line)] == [line("7"), line("8"), line("9")]
    assert [entry for entry in kept if isinstance(entry, Dropped)] == [Dropped(lines=7, size=14)]
    assert layer("x", "Downloading") in kept


def test_too_much_text_is_bounded_too_and_the_count_survives_a_resumption(monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_SIZE", 1000)
    first = Transcript(attempt=1)
    for _ in range(20):
        first.add(line("x" * 100))
    assert len(list(first.everything())) < 10
    second = Transcript(attempt=2, past=[(id_, decode(data)) for id_, data in first.everything()])
    dropped_before = next(entry.lines for entry in entries(second) if isinstance(entry, Dropped))
    second.add(line("x" * 100))
    assert next(entry.lines for entry in entries(second) if isinstance(entry, Dropped)) == dropped_before + 1


@given(st.lists(st.sampled_from(["line", "layer x", "layer y"]), max_size=60))
def test_ids_rise_and_a_copy_kept_by_differences_is_the_whole(moves: list[str]) -> None:
    transcript = Transcript(attempt=3)
    copy: dict[EntryId, bytes] = {}
    known = START
    for number, move in enumerate(moves):
        transcript.add(line(str(number)) if move == "line" else layer(move, str(number)))
        if number % 3 == 0:
            copy.update(transcript.after(known))
            known = transcript.last
            for id_ in transcript.take_removed():
                copy.pop(id_, None)
    copy.update(transcript.after(known))
    for id_ in transcript.take_removed():
        copy.pop(id_, None)
    assert list(copy.items()) == list(transcript.everything())
    assert list(copy) == sorted(copy)


def test_only_a_final_state_is_the_last_entry() -> None:
    transcript = Transcript(attempt=1)
    for state in (State.RUNNING, State.SUCCEEDED):
        transcript.add(Moved(state=state, at=1.0))
    transcript.add(line('says "state"'))
    assert [is_last(data) for _id, data in transcript.everything()] == [False, True, False]
