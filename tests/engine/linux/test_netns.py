import asyncio
import threading
from pathlib import Path

import pytest

from engine.linux import mounts, netlink, netns, syscalls

pytestmark = pytest.mark.root


async def test_a_namespace_is_made_entered_and_removed(tmp_path: Path) -> None:
    sandboxes = netns.Sandboxes(tmp_path / "netns")
    await sandboxes.sweep(keep=frozenset())
    path = await sandboxes.create("one")

    def look() -> tuple[list[tuple[int, str]], str]:
        netns.enter(path)
        return netlink.links(), Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").read_text().strip()

    found, is_ipv6_off = await netns.on_fresh_thread(look)
    assert (1, "lo") in found
    assert "eth0" not in [name for _, name in found]
    assert is_ipv6_off == "1"
    assert Path("/proc/self/ns/net").stat().st_ino != path.stat().st_ino
    await sandboxes.remove("one")
    await sandboxes.remove("one")
    assert not path.exists()
    sandboxes.close()
    assert not mounts.mounted_below(tmp_path)


async def test_what_is_left_over_is_replaced_or_swept(tmp_path: Path) -> None:
    sandboxes = netns.Sandboxes(tmp_path / "netns")
    await sandboxes.sweep(keep=frozenset())
    first = (await sandboxes.create("one")).stat().st_ino
    await sandboxes.create("two")
    assert (await sandboxes.create("one")).stat().st_ino != first
    (tmp_path / "netns" / "half-made").touch()
    await netns.Sandboxes(tmp_path / "netns").sweep(keep=frozenset({"two"}))
    assert [path.name for path in (tmp_path / "netns").iterdir()] == ["two"]
    await sandboxes.remove("two")
    sandboxes.close()


async def test_a_sandbox_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandboxes = netns.Sandboxes(tmp_path / "netns")
    await sandboxes.sweep(keep=frozenset())

    def refuse(flags: int) -> None:
        raise OSError(28, "No space left on device", f"unshare({flags:#x})")

    monkeypatch.setattr(syscalls, "unshare", refuse)
    with pytest.raises(OSError, match="No space left"):
        await sandboxes.create("one")
    assert not list((tmp_path / "netns").iterdir())
    sandboxes.close()


async def test_cancelled_work_is_waited_for() -> None:
    begun, allowed, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        allowed.wait(10)
        done.set()

    task = asyncio.get_running_loop().create_task(netns.on_fresh_thread(work))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    allowed.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_work_runs_on_a_thread_that_ends_with_it() -> None:
    threads = await asyncio.gather(*(netns.on_fresh_thread(threading.current_thread) for _ in range(3)))
    assert len({thread.ident for thread in threads} | {threading.get_ident()}) > 1
    for thread in threads:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()
