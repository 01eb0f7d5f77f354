import re

import pytest

from engine import ids
from engine.errors import InvalidParameter


def test_an_id_is_64_digits_and_never_reads_as_a_number():
    made = {ids.random_id() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch("[0-9a-f]{64}", each) and not ids.short_id(each).isdigit() for each in made)


def test_the_short_form():
    assert ids.short_id("sha256:" + "ab" * 32) == "ab" * 6


def test_a_random_name_is_a_name():
    assert ids.check_name("container", ids.random_name())


@pytest.mark.parametrize("name", ["", "x", "-x", "a/b", "../x", "a b", "a\n", "ä"])
def test_what_is_no_name(name):
    with pytest.raises(InvalidParameter, match=r"only \[a-zA-Z0-9\]\[a-zA-Z0-9_.-\] are allowed"):
        ids.check_name("container", name)
