import hashlib
from pathlib import Path

import pytest

from engine.errors import InvalidParameter, NotFound
from engine.image.blobs import PIECE, BlobStore, DigestMismatch


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "images")


def _left(blobs: BlobStore) -> list[str]:
    return [path.name for folder in ("ingest", "sha256") for path in (blobs.root / folder).iterdir()]


async def test_a_blob_in_pieces(blobs: BlobStore) -> None:
    data = bytes(range(256)) * 20_000
    async with blobs.ingest(_digest(data), len(data)) as incoming:
        for start in range(0, len(data), 70_000):
            await incoming.write(data[start : start + 70_000])
        assert not blobs.has(_digest(data))
        await incoming.commit()
    assert blobs.read(_digest(data), limit=len(data)) == data
    assert len(data) > 2 * PIECE
    assert _left(blobs) == [_digest(data).removeprefix("sha256:")]
    assert blobs.path(_digest(data)).stat().st_mode & 0o077 == 0


async def test_started_again(blobs: BlobStore) -> None:
    async with blobs.ingest(_digest(b"right"), 5) as incoming:
        await incoming.write(b"wro")
        await incoming.restart()
        await incoming.write(b"right")
        await incoming.commit()
    assert blobs.read(_digest(b"right"), limit=5) == b"right"


@pytest.mark.parametrize(("sent", "size"), [(b"wrong", 5), (b"right", 6), (b"righ", 5), (b"right!", 5)])
async def test_what_does_not_fit_is_not_kept(blobs: BlobStore, sent: bytes, size: int) -> None:
    async with blobs.ingest(_digest(b"right"), size) as incoming:
        with pytest.raises(DigestMismatch):
            await _fill(incoming, sent)
    assert _left(blobs) == []


async def _fill(incoming, sent: bytes) -> None:
    await incoming.write(sent)
    await incoming.commit()


async def test_reading(blobs: BlobStore) -> None:
    await blobs.put(_digest(b"12345"), b"12345")
    with pytest.raises(InvalidParameter, match="more than 4 bytes"):
        blobs.read(_digest(b"12345"), limit=4)
    with pytest.raises(NotFound):
        blobs.read(_digest(b"other"), limit=4)
    for name in ("sha256:../../etc/passwd", "../x", "", "sha256:" + "A" * 64, "sha512:" + "a" * 128):
        with pytest.raises(InvalidParameter, match="digest"):
            blobs.read(name, limit=4)


async def test_sweep(blobs: BlobStore) -> None:
    for data in (b"kept", b"dead"):
        await blobs.put(_digest(data), data)
    (blobs.root / "ingest/half").write_bytes(b"x")
    blobs.sweep({_digest(b"kept"), _digest(b"never was")})
    assert _left(blobs) == [_digest(b"kept").removeprefix("sha256:")]
    await blobs.remove(_digest(b"kept"))
    await blobs.remove(_digest(b"kept"))
    assert _left(blobs) == []
