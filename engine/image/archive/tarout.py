"""Headers of tar archives that the engine writes: PAX, without names of users, in whole seconds, as Docker's."""

import tarfile
from collections.abc import Mapping
from typing import Final

BLOCK: Final = 512
#: Two blocks of zeros end an archive.
END: Final = bytes(2 * BLOCK)


def file_header(name: str, size: int) -> bytes:
    """The header of a regular file that anybody may read, dated at the epoch: equal content makes equal archives."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    return encoded(info)


def folder_header(name: str) -> bytes:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    info.mode = 0o755
    return encoded(info)


def encoded(info: tarfile.TarInfo, records: Mapping[str, str] | None = None) -> bytes:
    """The header's blocks, preceded by PAX records where a field is too narrow or `records` asks for some."""
    info.pax_headers = dict(records or {})
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def filler(size: int) -> bytes:
    """What follows `size` bytes of data up to the next block."""
    return bytes(-size % BLOCK)
