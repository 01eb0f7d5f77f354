"""A stream's compression is told by its first bytes, on a pipe as on a file."""

import bz2
import gzip
import hashlib
import lzma
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from engine.image.unpack.errors import LayerError
from engine.image.unpack.source import Source

_COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("compress", _COMPRESSIONS.values(), ids=_COMPRESSIONS)
@pytest.mark.parametrize("streams", [1, 2])
def test_each_compression_in_one_stream_or_two(compress: Callable[[bytes], bytes], streams: int) -> None:
    data = os.urandom(700_000) + bytes(700_000)

    source = _piped(compress(data) * streams)

    assert b"".join(bytes(piece) for piece in source.pieces(len(data) * streams)) == data * streams
    assert not source.more()
    assert source.drain() == f"sha256:{hashlib.sha256(data * streams).hexdigest()}"


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_a_stream_that_is_cut_or_broken(name: str) -> None:
    whole = _COMPRESSIONS[name](os.urandom(5000))

    for data in (whole[:-9], whole[:40] + b"?" * 200 + whole[240:]):
        with pytest.raises(LayerError):
            _piped(data).drain()


@pytest.mark.parametrize("name", _COMPRESSIONS)
def test_a_file_that_grows_while_it_is_read(tmp_path: Path, name: str) -> None:
    data = os.urandom(300_000) + bytes(300_000)
    path = tmp_path / "file"
    path.touch()
    news, tell = os.pipe()
    with path.open("rb", buffering=0) as file:
        source = Source(file.fileno(), growing=news)
        packed = _COMPRESSIONS[name](data)
        with path.open("ab", buffering=0) as writer:
            for start in range(0, len(packed), 50_000):
                writer.write(packed[start : start + 50_000])
                os.write(tell, b"+")
        os.close(tell)
        assert b"".join(map(bytes, source.rest())) == data
    os.close(news)


def _piped(data: bytes) -> Source:
    read, write = os.pipe()

    def feed() -> None:
        with open(write, "wb") as pipe:  # noqa: PTH123 - a descriptor
            pipe.write(data)

    threading.Thread(target=feed, daemon=True).start()
    return Source(read)
