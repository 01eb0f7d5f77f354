"""How much memory a daemon and the programs that it starts take while something goes on."""

import threading
from types import TracebackType
from typing import Final, Self

import psutil

_INTERVAL: Final = 0.02
_MB: Final = 1_000_000


class MemoryWatch:
    """While the block runs, the resident memory of the process and its children is added up fifty times a second.

    `cost` is the most that it was, in bytes, beyond what it was before. Pages that several have count in each.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory watch")
        self.idle = self.peak = _resident(self._process)

    @property
    def cost(self) -> int:
        return self.peak - self.idle

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def __str__(self) -> str:
        return f"memory {self.idle // _MB} MB, {self.cost // _MB} MB more at most"

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL):
            self.peak = max(self.peak, _resident(self._process))


def _resident(process: psutil.Process) -> int:
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue  # it has ended meanwhile
    return total
