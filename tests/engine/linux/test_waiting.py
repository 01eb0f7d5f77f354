"""Waiting for descriptors."""

import os
from collections.abc import Iterator

import pytest

from engine.linux import waiting


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    yield ours, theirs
    os.close(ours)


@pytest.mark.parametrize("written", [b"one\n", b"one\ntwo\n", b"one\nand a ha"])
async def test_a_line_ends_where_it_ends_however_much_has_come(pipe: tuple[int, int], written: bytes) -> None:
    ours, theirs = pipe
    os.write(theirs, written)
    assert await waiting.read_line(ours) == b"one\n"
    os.close(theirs)


async def test_the_end_ends_a_line_too(pipe: tuple[int, int]) -> None:
    ours, theirs = pipe
    os.write(theirs, b"half")
    os.close(theirs)
    assert await waiting.read_line(ours) == b"half"
