import asyncio

import pytest

from engine.errors import EngineError, NotFound
from engine.registry.progress import LayerProgress, Progress

LAYER = "sha256:" + "ab" * 32


async def test_lines_in_order_and_bars_overtaken() -> None:
    progress = Progress()
    progress.say("Pulling from x", "latest")
    progress.layer("abc", "Pulling fs layer")
    for current in range(1000):
        progress.bar("abc", "Downloading", current, 1000)
    progress.layer("abc", "Download complete")
    progress.close()
    assert [message async for message in progress] == [
        {"status": "Pulling from x", "id": "latest"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "abc"},
        {"status": "Downloading", "progressDetail": {"current": 999, "total": 1000}, "id": "abc"},
        {"status": "Download complete", "progressDetail": {}, "id": "abc"},
    ]


async def test_an_error_comes_after_the_last_message() -> None:
    progress = Progress()
    seen = []

    async def read() -> None:
        async for message in progress:
            seen.append(message["status"])  # noqa: PERF401 - what came before the error counts

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_raised(read()))
        progress.say("one")
        await asyncio.sleep(0)
        progress.say("two")
        progress.close(NotFound("gone"))
    assert seen == ["one", "two"]
    assert isinstance(reading.result(), NotFound)


async def _raised(work) -> EngineError | None:
    try:
        await work
    except EngineError as error:
        return error
    return None


async def test_bars_move_at_most_ten_times_a_second_but_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("engine.registry.progress.time.monotonic", lambda: now)
    progress = Progress()
    shown = []
    monkeypatch.setattr(progress, "bar", lambda layer, status, current, total: shown.append((layer, current)))
    layer = LayerProgress(progress, LAYER)
    for current in range(1, 51):
        now += 0.03
        layer.bar("Downloading", current, 50)
    assert shown[-1] == ("abababababab", 50)
    assert 10 < len(shown) < 16
