"""Recordings: what they hold, across those who came and went, and how long they are kept."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from pytest_django.fixtures import Settings

from dashboard.accounts.models import User
from dashboard.terminal import keeper, recordings
from dashboard.terminal.asciicast import Cast
from dashboard.terminal.limits import Limits, Recording
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.recordings import RecordingFile
from tests.dashboard.terminal.browser import Browser
from tests.dashboard.terminal.conftest import Container
from tests.dashboard.terminal.test_consumer import prompt
from tests.dashboard.terminal.test_survival import CLIENT, again


@pytest.fixture(autouse=True)
def place(settings: Settings, tmp_path: Path) -> Path:
    settings.TERMINAL_RECORDINGS = tmp_path / "recordings"
    return tmp_path / "recordings"


def lines(path: Path) -> list[list[object]]:
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def output(path: Path) -> str:
    return "".join(str(data) for _, kind, data in lines(path) if kind == "o")


def test_characters_that_come_in_pieces_are_put_together() -> None:
    cast = Cast(100.0)
    text = "žluť 漢字 🚢"
    whole = ""
    for byte in text.encode():
        line = cast.output(101.5, bytes([byte]))
        whole += json.loads(line)[2] if line else ""
    assert (whole, cast.pending) == (text, 0)
    assert cast.output(101.5, "é".encode()[:1]) == ""
    assert cast.pending == 1
    assert cast.output(102.0, b"x") == '[2.0,"o","\N{REPLACEMENT CHARACTER}x"]\n'
    assert cast.size(103.25, 24, 80) == '[3.25,"r","80x24"]\n'


def test_the_header_is_that_of_asciicast_2() -> None:
    header = json.loads(Cast.header(rows=24, columns=80, timestamp=17, title="t", shell="/bin/sh"))
    assert (header["version"], header["width"], header["height"], header["timestamp"]) == (2, 80, 24, 17)


def test_a_recorder_that_was_killed_leaves_nothing_twice(place: Path) -> None:
    first = RecordingFile.open("a" * 32, "{}\n")
    assert first is not None
    first.append('[1,"o","one"]\n', 3)
    assert RecordingFile.open("a" * 32, "{}\n") is None  # one at a time
    first._file.write('[2,"o","half')  # as a kill leaves it
    first.close()
    second = RecordingFile.open("a" * 32, "{}\n")
    assert second is not None
    assert second.note.offset == 3
    second.append('[3,"o","two"]\n', 6)
    second.close()
    assert output(place / f"{'a' * 32}.cast") == "onetwo"


@pytest.mark.root
async def test_all_output_is_recorded_once_whoever_is_there(
    browser: Browser, container: Container, cookie: bytes, place: Path, async_client: AsyncClient
) -> None:
    async with browser:
        await prompt(browser, client=CLIENT, record=True)
        assert browser.ready is not None
        identifier = browser.ready.session
        browser.write(
            "echo -n žluť; for n in $(seq 1 2000); do echo $n; [ $n = 9 ] && sleep 0.3; done; echo en''d\n".encode()
        )
        await browser.read_until(b"1\r\n")
    async with await again(browser, cookie, container.path) as back:
        rest = await back.read_until(b"end\r\n")
        back.say(Close(Reason.HANG_UP))
        await back.read_all()
    everything = (bytes(browser.seen) + rest).decode()
    recorded = output(place / f"{identifier}.cast")
    assert recorded[: len(everything)] == everything
    await async_client.aforce_login(await User.objects.aget(username="ada"))
    answer = await async_client.get(f"/terminals/{identifier}/recording.cast")
    assert isinstance(answer, StreamingHttpResponse)
    body = b"".join([part async for part in answer])
    assert body == (place / f"{identifier}.cast").read_bytes()
    assert answer["Content-Type"] == "application/x-asciicast"
    await async_client.aforce_login(await User.objects.acreate(username="eve"))
    assert (await async_client.get(f"/terminals/{identifier}/recording.cast")).status_code == 404


@pytest.mark.root
async def test_an_installation_decides_what_is_recorded(
    container: Container, cookie: bytes, settings: Settings, place: Path
) -> None:
    for recording, asked, expected in (
        (Recording.NEVER, True, False),
        (Recording.ALWAYS, False, True),
        (Recording.ASKED, False, False),
    ):
        settings.TERMINAL_LIMITS = replace(Limits(), recording=recording)
        async with Browser(container.path, cookie) as browser:
            await browser.open(record=asked)
            while browser.state is None:
                await browser.hear()
            assert browser.state.records is expected
            assert browser.ready is not None
            assert (place / f"{browser.ready.session}.cast").exists() is expected
            browser.say(Close(Reason.HANG_UP))
            await browser.read_all()


@pytest.mark.root
async def test_a_recording_has_an_end(container: Container, browser: Browser, settings: Settings, place: Path) -> None:
    settings.TERMINAL_LIMITS = replace(Limits(), recording_size=10_000)
    async with browser:
        await prompt(browser, record=True)
        browser.write(b"for n in $(seq 1 20000); do echo 0123456789; done; echo en''d\n")
        await browser.read_until(b"end\r\n")
        assert browser.ready is not None
        browser.say(Close(Reason.HANG_UP))
        await browser.read_all()
    assert (place / f"{browser.ready.session}.cast").stat().st_size < 1_000_000


@pytest.mark.django_db(transaction=True)
async def test_old_ones_are_removed(place: Path, settings: Settings) -> None:
    settings.TERMINAL_LIMITS = replace(Limits(), recording_age=1000)
    for name, age in (("old", 1001), ("new", 10)):
        row = await Terminal.objects.acreate(container="c", container_name=name, is_recorded=True)
        path = recordings.cast_path(row.pk)
        path.touch()
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    await keeper.remove_old_recordings()
    kept = [row.container_name async for row in Terminal.objects.filter(is_recorded=True)]
    assert kept == ["new"]
    assert len(list(place.glob("*.cast"))) == 1
