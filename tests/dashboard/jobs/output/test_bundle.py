"""Lines that become one entry."""

from dashboard.jobs.output.bundle import MOST_LINES, MOST_TEXT, Bundle, portions
from dashboard.jobs.output.entries import MAX_TEXT


def test_a_bundle_is_taken_once_and_has_the_time_of_its_first_line() -> None:
    bundle = Bundle()
    bundle.add("one", at=1)
    bundle.add("two\nthree", at=2)
    assert (bundle.at, bundle.take(), bundle.is_empty) == (1, "one\ntwo\nthree", True)


def test_a_full_bundle_says_so() -> None:
    bundle = Bundle()
    bundle.add("x" * MOST_TEXT, at=0)
    assert bundle.is_full


def test_portions_are_whole_lines_and_bounded() -> None:
    text = "\n".join(str(number) for number in range(3 * MOST_LINES))
    found = list(portions(text))
    assert "\n".join(found) == text
    assert [portion.count("\n") + 1 for portion in found] == [MOST_LINES] * 3
    assert all(len(portion) <= MOST_TEXT + 1 for portion in portions("\n".join(["y" * 1000] * 500)))


def test_a_line_that_is_too_long_is_cut() -> None:
    assert list(portions("z" * (MAX_TEXT + 5))) == ["z" * MAX_TEXT + "…"]
