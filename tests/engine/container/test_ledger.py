import asyncio
import errno
from types import SimpleNamespace
from typing import Any

import pytest

from engine.container import ledger
from engine.container.ledger import Ledger


class Disk:
    """Records on a disk that is full at times."""

    def __init__(self) -> None:
        self.is_full = False
        self.records: dict[str, Any] = {}

    async def put(self, key: str, record: Any) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.records[key] = record

    async def delete(self, key: str) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.records.pop(key, None)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(ledger, "_AGAIN_S", 0.01)
    return Disk()


def container(name: str) -> Any:
    return SimpleNamespace(id=name, record=f"record of {name}")


async def test_what_is_asked_for_is_refused_and_what_has_happened_is_written_later(disk: Disk):
    book, one, two = Ledger(disk), container("one"), container("two")  # type: ignore[arg-type]
    disk.is_full = True
    with pytest.raises(OSError, match="No space left"):
        await book.save(one)
    assert not book.is_behind(one)
    await book.save_surely(one)
    await book.save_surely(two)
    await asyncio.sleep(0.05)
    assert (book.is_behind(one), book.is_behind(two), disk.records) == (True, True, {})
    disk.is_full = False
    while book.is_behind(two):
        await asyncio.sleep(0.01)
    assert disk.records == {"one": "record of one", "two": "record of two"}
    await book.close()


async def test_a_container_that_is_gone_is_not_written_again(disk: Disk):
    book, one = Ledger(disk), container("one")  # type: ignore[arg-type]
    disk.is_full = True
    await book.save_surely(one)
    with pytest.raises(OSError, match="No space left"):
        await book.forget(one)
    assert book.is_behind(one)
    disk.is_full = False
    await book.forget(one)
    await book.close()
    assert disk.records == {}


async def test_the_last_attempt_is_at_the_end(disk: Disk):
    book, one = Ledger(disk), container("one")  # type: ignore[arg-type]
    disk.is_full = True
    await book.save_surely(one)
    disk.is_full = False
    await book.close()
    assert disk.records == {"one": "record of one"}
