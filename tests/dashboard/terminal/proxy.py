"""A TCP proxy between a browser and the console, which can cut, swallow and slow what it carries."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit


class Proxy:
    """Listens at `url` for `target`; a context manager. All connections go through a loop in a thread of its own."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (address.hostname, address.port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.refuses = False
        self.bytes_a_second = 0
        self.url = ""

    def __enter__(self) -> "Proxy":
        self._thread.start()
        server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._server = server
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """End all connections without a word, as a proxy does with idle ones."""
        self._call(self._cut())

    def swallow(self, *, on: bool) -> None:
        """Carry nothing more, and say nothing of it, as a network that has gone; or carry on."""
        self._loop.call_soon_threadsafe(self._flows.clear if on else self._flows.set)

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _stop(self) -> None:
        self._server.close()
        await self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [writer]
        try:
            if self.refuses:
                return
            back, forth = await asyncio.open_connection(*self._target)
            ends.append(forth)
            self._writers |= set(ends)
            await asyncio.gather(self._carry(reader, forth), self._carry(back, writer, limited=True))
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            self._writers -= set(ends)
            for end in ends:
                end.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, limited: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(16384):
                await self._flows.wait()
                if limited and self.bytes_a_second:
                    await asyncio.sleep(len(data) / self.bytes_a_second)
                sink.write(data)
                await sink.drain()
            sink.write_eof()
