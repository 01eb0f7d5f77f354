from pathlib import Path

import pytest

from engine.container.typed import MOST, Typed, check_source
from engine.errors import InvalidParameter


def test_counts_are_by_source_and_outlive_their_engine(tmp_path: Path) -> None:
    typed = Typed(tmp_path / "typed")
    typed.add("ada", 3)
    typed.add("bob", 1 << 40)
    typed.add("ada", 4)
    later = Typed(tmp_path / "typed")
    assert (later.count("ada"), later.count("bob"), later.count("eve")) == (7, 1 << 40, 0)
    later.add("ada", 1)
    assert Typed(tmp_path / "typed").count("ada") == 8


def test_the_one_that_typed_longest_ago_makes_room(tmp_path: Path) -> None:
    typed = Typed(tmp_path / "typed")
    for number in range(MOST):
        typed.add(f"s{number}", 1)
    typed.add("s0", 1)
    typed.add("new", 5)
    for counts in (typed, Typed(tmp_path / "typed")):
        assert (counts.count("s0"), counts.count("s1"), counts.count("new")) == (2, 0, 5)


@pytest.mark.parametrize("name", ["", "a b", "a\0", "x" * 65, "ä", "a/b"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid source"):
        check_source(name)
