"""The layer's bytes: read, decompressed and hashed in one thread, handed to another in pieces.

Decompressing and hashing release the interpreter's lock, so they run beside the writing of files.
"""

import bz2
import hashlib
import lzma
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import IO, Final, Protocol, cast

import zstandard
from isal import igzip_lib, isal_zlib

from engine.image.unpack.errors import LayerError

#: Compressed bytes read at once. Small, because what follows a gzip member is copied for each member.
_READ: Final = 64 << 10
#: Plain bytes handed on at once.
_PIECE: Final = 512 << 10
#: How many pieces may wait.
_QUEUED: Final = 8
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BZIP2_MAGIC: Final = b"BZh"
_XZ_MAGIC: Final = b"\xfd7zXZ\0"
#: How a compressed layer begins.
MAGICS: Final = (_GZIP_MAGIC, _ZSTD_MAGIC, _BZIP2_MAGIC, _XZ_MAGIC)
#: Bytes of memory for unpacking xz: its highest level takes a quarter.
_XZ_MEMORY: Final = 1 << 28
#: What zstd itself takes without being told otherwise.
_ZSTD_WINDOW: Final = 1 << 27


class Source:
    """Exact reads from the uncompressed stream of the file open at `descriptor`.

    Raises LayerError when the stream is malformed or ends too early. Hashing can be left out where nobody asks for
    the digest; what is not compressed either is then read by the caller's own thread, as each hand-over costs.
    `growing` is a pipe for a file that somebody still writes to: see `_Growing`.
    """

    def __init__(self, descriptor: int, *, is_hashed: bool = True, growing: int | None = None) -> None:
        self._input: _Input = _Whole(descriptor) if growing is None else _Growing(descriptor, growing)
        self._is_hashed = is_hashed
        self._hash = hashlib.sha256()
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(_QUEUED)
        self._piece = memoryview(b"")
        self._inline: Iterator[bytes] | None = None
        self._is_started = False
        if is_hashed:
            self._start()

    def read(self, size: int) -> bytes:
        """The next `size` bytes, which the caller knows to be few."""
        if size <= len(self._piece):
            data, self._piece = self._piece[:size], self._piece[size:]
            return bytes(data)
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes, in pieces."""
        while size:
            if not self._piece and not self._next():
                raise LayerError("unexpected end of the layer")
            part, self._piece = self._piece[:size], self._piece[size:]
            size -= len(part)
            yield part

    def more(self) -> bool:
        """Is there another byte?"""
        while not self._piece:
            if not self._next():
                return False
        return True

    def skip(self, size: int) -> None:
        for _ in self.pieces(size):
            pass

    def rest(self) -> Iterator[memoryview]:
        """All that is left, in pieces."""
        while self.more():
            piece, self._piece = self._piece, memoryview(b"")
            yield piece

    def drain(self) -> str:
        """Read to the end of the stream; returns the digest of all that was hashed, `sha256:…`."""
        while self._next():
            pass
        return f"sha256:{self._hash.hexdigest()}"

    def _next(self) -> bool:
        if not self._is_started:
            self._start_as_fits()
        has_waiting = self._inline is None or not self._queue.empty()
        piece = self._queue.get() if has_waiting else self._read_inline()
        if piece is None or isinstance(piece, BaseException):
            self._queue.put(piece)  # the end stays the end
        if isinstance(piece, BaseException):
            raise piece
        if piece is None:
            return False
        self._piece = memoryview(piece)
        return True

    def _start(self) -> None:
        self._is_started = True
        threading.Thread(target=self._produce, name="source", daemon=True).start()

    def _start_as_fits(self) -> None:
        head = _head(self._input)
        self._input = _Rejoined(head, self._input)
        if _is_packed(head):
            self._start()
        else:
            self._is_started = True
            self._inline = _plain(self._input)

    def _read_inline(self) -> bytes | BaseException | None:
        try:
            return next(self._inline or iter(()), None)
        except BaseException as error:  # noqa: BLE001 - raised by the caller, and by all later calls
            return error

    def _produce(self) -> None:
        try:
            for piece in _plain(self._input):
                if self._is_hashed:
                    self._hash.update(piece)
                self._queue.put(piece)
            self._queue.put(None)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that reads
            self._queue.put(error)


class _Input(Protocol):
    def read(self, size: int) -> bytes:
        """Up to `size` of the next bytes, at the end none."""


class _Whole:
    """A file, or a pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, size: int) -> bytes:
        return os.read(self._descriptor, size)


class _Growing:
    """A file that is still being written: its end is one only once the pipe `news` is closed.

    Whoever writes sends a byte through the pipe after each write, and closes it after the last.
    """

    def __init__(self, descriptor: int, news: int) -> None:
        self._descriptor = descriptor
        self._news = news
        self._grows = True

    def read(self, size: int) -> bytes:
        while not (data := os.read(self._descriptor, size)) and self._grows:
            self._grows = bool(os.read(self._news, _READ))
        return data


class _Rejoined:
    """A stream with the bytes that were read ahead of it back in front: a pipe can't be rewound."""

    def __init__(self, head: bytes, rest: _Input) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int) -> bytes:
        data, self._head = self._head[:size], self._head[size:]
        return data or self._rest.read(size)


def _head(source: _Input) -> bytes:
    """The first bytes, enough to tell the compression by: a pipe may give fewer at a time."""
    head = b""
    while len(head) < len(_XZ_MAGIC) and (more := source.read(_READ)):
        head += more
    return head


def _is_packed(head: bytes) -> bool:
    return head.startswith((_GZIP_MAGIC, _ZSTD_MAGIC, _BZIP2_MAGIC, _XZ_MAGIC))


def _plain(source: _Input) -> Iterator[bytes]:
    """The uncompressed bytes; what the compression is, the first bytes tell."""
    head = _head(source)
    if head.startswith(_GZIP_MAGIC):
        yield from _gunzip(source, head)
    elif head.startswith(_ZSTD_MAGIC):
        yield from _unzstd(_Rejoined(head, source))
    elif head.startswith(_BZIP2_MAGIC):
        yield from _unpack(source, head, bz2.BZ2Decompressor)
    elif head.startswith(_XZ_MAGIC):
        yield from _unpack(source, head, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY))
    else:
        while head:
            yield head
            head = source.read(_PIECE)


def _gunzip(source: _Input, data: bytes) -> Iterator[bytes]:
    """One gzip member or several; anything else after a member is an error, as in Go's reader."""
    while data:
        member = isal_zlib.decompressobj(31)
        while not member.eof:
            if not data and not (data := source.read(_READ)):
                raise LayerError("unexpected end of the gzip stream")
            try:
                piece = member.decompress(data, _PIECE)
            except igzip_lib.IsalError as error:  # type: ignore[misc]
                raise LayerError(f"malformed gzip stream: {error}") from error
            data = member.unconsumed_tail
            if piece:
                yield piece
        data = member.unused_data or source.read(_READ)


def _unpack(
    source: _Input, data: bytes, make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]
) -> Iterator[bytes]:
    """One stream of Python's own kinds, or several."""
    while data:
        stream = make()
        while not stream.eof:
            if stream.needs_input and not data and not (data := source.read(_READ)):
                raise LayerError("unexpected end of the compressed stream")
            try:
                piece = stream.decompress(data, _PIECE)
            except (OSError, lzma.LZMAError) as error:
                raise LayerError(f"malformed compressed stream: {error}") from error
            data = b""
            if piece:
                yield piece
        data = stream.unused_data or source.read(_READ)


def _unzstd(file: _Rejoined) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    reader = decompressor.stream_reader(cast("IO[bytes]", file), read_size=_READ, read_across_frames=True)
    try:
        while piece := reader.read(_PIECE):
            yield piece
    except zstandard.ZstdError as error:
        raise LayerError(f"malformed zstd stream: {error}") from error
