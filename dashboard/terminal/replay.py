"""The latest bytes of an endless stream, by their numbers. No input or output happens here."""

from collections import deque


class Replay:
    """Keeps at least the last `size` bytes; `end` is how many there have been, `start` the oldest that is kept."""

    def __init__(self, size: int) -> None:
        self.start = 0
        self.end = 0
        self._size = size
        self._chunks: deque[bytes] = deque()

    def add(self, data: bytes) -> None:
        self._chunks.append(data)
        self.end += len(data)
        while self.end - self.start - len(self._chunks[0]) >= self._size:
            self.start += len(self._chunks.popleft())

    def after(self, offset: int, limit: int) -> tuple[int, bytes]:
        """At most `limit` bytes from `offset` on, or from the oldest that is kept: with the number of the first."""
        begin = place = max(offset, self.start)
        found, size, start = [], 0, self.start
        for chunk in self._chunks:
            part = chunk[max(0, place - start) :][: limit - size]
            start += len(chunk)
            if start > place and part:
                found.append(part)
                size += len(part)
                place += len(part)
            if size >= limit:
                break
        return begin, b"".join(found)
