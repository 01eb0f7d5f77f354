"""The browser's terminal below the screen: a keystroke's way and back, throughput, how soon a flood stops, memory.

python -m benchmarks.terminal [NAME …]

One engine, one web process and Redis are started for it. What a docker client gets of the same engine, without a
console in between, stands beside the throughput. ttyd is not measured: Debian 12 has no package of it.
"""

import argparse
import asyncio
import hashlib
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import aiohttp
import psutil

from benchmarks.terminalclient import Client, sign_in
from dashboard.terminal.protocol import Output
from tests.dashboard.terminal.console import Console
from tests.support import images
from tests.support.engine import EngineProcess
from tests.support.redis import RedisServer
from tests.support.registry import Registry

_MB: Final = 1_000_000
_SIZE: Final = 100 * _MB
_KEYS: Final = 500
_TERMINALS: Final = 200
_NAME: Final = "bench"


@dataclass(frozen=True)
class Stage:
    """What is measured: a web process before an engine, and a signed-in browser."""

    engine: EngineProcess
    console: Console
    http: aiohttp.ClientSession

    def client(self) -> Client:
        return Client(self.http, self.console.url, f"/ws/hosts/local/containers/{_NAME}/terminal/")

    def memory(self) -> tuple[float, float]:
        """Resident MB of the web process and of the engine."""
        return tuple(psutil.Process(pid).memory_info().rss / _MB for pid in (self.console.pid, self.engine.pid))  # type: ignore[return-value]


async def quiet(client: Client) -> None:
    await client.type(b"stty -echo; PS1=; echo be''gin\n")
    await client.until(b"begin\r\n")


async def echo(stage: Stage) -> None:
    """From a keystroke to its echo."""
    async with stage.client() as client:
        await quiet(client)
        await client.type(b"stty raw; echo re''ady; cat\n")
        await client.until(b"ready")
        times = []
        for number in range(_KEYS):
            key = b"%04d" % number
            begin = time.perf_counter()
            await client.type(key)
            await client.until(key)
            times.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(0.005)
    cuts = statistics.quantiles(times, n=100)
    print(f"echo               p50 {cuts[49]:6.1f} ms (goal 10)   p99 {cuts[98]:6.1f} ms (goal 50)   {_KEYS} keys")


async def throughput(stage: Stage) -> None:
    """100 MB of output, all of it compared."""
    for name, make in (
        ("random bytes", "head -c 100000000 /dev/urandom"),
        ("lines of text", "yes 'the quick brown fox jumps over the lazy dog, and sleeps' | head -c 100000000"),
    ):
        stage.engine.docker("exec", _NAME, "sh", "-c", f"{make} > /data", timeout=120)
        expected = stage.engine.docker("exec", _NAME, "sha256sum", "/data").split()[0]
        seconds, digest = await _cat(stage)
        alone = await asyncio.to_thread(_docker_cat, stage)
        same = "identical" if digest == expected else "DIFFERENT"
        print(
            f"throughput         {_SIZE / _MB / seconds:6.1f} MB/s   {name}, {same}"
            f"   (docker exec -t alone: {_SIZE / _MB / alone:.1f} MB/s)"
        )


async def _cat(stage: Stage) -> tuple[float, str]:
    digest, left = hashlib.sha256(), _SIZE
    async with stage.client() as client:
        await quiet(client)
        await client.type(b"stty raw; printf he''re; cat /data\n")
        begin = time.perf_counter()
        await client.until(b"here")
        digest.update(client.seen)
        left -= len(client.seen)
        while left > 0:
            frame = await client.hear()
            if isinstance(frame, Output):
                digest.update(frame.data[:left])
                left -= len(frame.data)
    return time.perf_counter() - begin, digest.hexdigest()


def _docker_cat(stage: Stage) -> float:
    """The docker client with a terminal on the same engine: what the console has to compete with."""
    argv = ["script", "-qec", " ".join(stage.engine.docker.argv("exec", "-t", _NAME, "cat", "/data")), "/dev/null"]
    begin = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=dict(stage.engine.docker.environment))
    return time.perf_counter() - begin


async def interrupt(stage: Stage) -> None:
    """`yes`, and Ctrl-C: until the prompt's next command has answered behind all that was under way."""
    times = []
    async with stage.client() as client:
        await quiet(client)
        for number in range(10):
            await client.type(b"yes\n")
            await client.until(b"y\r\n" * 1000)
            await _read_for(client, 0.5)
            begin = time.perf_counter()
            await client.type(b"\x03")
            await client.type(b"echo do''ne%d\n" % number)
            await client.until(b"done%d\r\n" % number)
            times.append((time.perf_counter() - begin) * 1000)
    print(f"yes, then Ctrl-C   median {statistics.median(times):4.0f} ms   worst {max(times):4.0f} ms (goal 200)")


async def _read_for(client: Client, seconds: float) -> None:
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        await client.hear()


async def memory(stage: Stage) -> None:
    """Many open terminals in one web process, each with some output."""
    before = stage.memory()
    async with AsyncExitStack() as stack:
        for _ in range(_TERMINALS):
            client = await stack.enter_async_context(stage.client())
            await quiet(client)
            await client.type(b"seq 1 2000; echo al''l\n")
            await client.until(b"all\r\n")
        after = stage.memory()
    for name, old, new in zip(("web process", "engine"), before, after, strict=True):
        each = (new - old) / _TERMINALS
        change = f"{old:.0f} to {new:.0f} MB"
        print(f"memory             {each:6.2f} MB (goal 2) for each of {_TERMINALS} in the {name} ({change})")


async def stalled(stage: Stage) -> None:
    """A browser that takes nothing while `yes` runs."""
    async with stage.client() as client:
        await quiet(client)
        await asyncio.sleep(1)
        before = stage.memory()
        client.acknowledges = False
        await client.type(b"yes\n")
        await _read_for(client, 1)
        await asyncio.sleep(5)
        after = stage.memory()
        client.acknowledges = True
    web, engine = (new - old for old, new in zip(before, after, strict=True))
    print(f"a stalled client   {web:6.2f} MB in the web process (goal 2), {engine:.2f} MB in the engine")


MEASURES: Final[Mapping[str, Callable[[Stage], Awaitable[None]]]] = MappingProxyType(
    {"echo": echo, "interrupt": interrupt, "throughput": throughput, "stalled": stalled, "memory": memory}
)


async def measure(names: list[str], engine: EngineProcess, console: Console) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await sign_in(http, console.url, "admin", Console.password)
        for name in names:
            await MEASURES[name](Stage(engine, console, http))


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the browser's terminal below the screen")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: all): {', '.join(MEASURES)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    engine = EngineProcess(environment={"PORTSIDE_DEBUG": ""})
    engine.start()
    try:
        with Registry() as registry, RedisServer() as redis:
            image = registry.push(images.busybox(), "busybox:latest")
            engine.docker("pull", "--quiet", image)
            engine.docker("run", "-d", "--network", "none", "--name", _NAME, image, "sleep", "100000")
            console = Console(engine, redis, PORTSIDE_TERMINALS_PER_USER="1000", PORTSIDE_TERMINALS_PER_HOST="1000")
            try:
                asyncio.run(measure(arguments.names or list(MEASURES), engine, console))
            finally:
                console.close()
    finally:
        engine.close()


if __name__ == "__main__":
    main()
