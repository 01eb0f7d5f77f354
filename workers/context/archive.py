"""A context that was uploaded: a tar goes to the engine as it is, a zip is packed anew.

An archive is a stranger's: of a zip only plain files and folders are taken, by paths that stay within, up to a size.
"""

import asyncio
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Final

from dashboard.jobs import files
from dashboard.jobs.params.build import ArchiveSource
from dashboard.jobs.params.words import climbs
from workers.work import Failed

MOST_FILES: Final = 100_000
#: Bytes of all files unpacked: a small zip can hold petabytes of zeros.
LARGEST: Final = 8 * 1024**3


async def packed(source: ArchiveSource, folder: Path) -> Path:
    """Raises Failed."""
    path = files.UPLOADS.path_of(source.archive)
    if not path.exists():
        raise Failed(f"Archive {source.archive} is not kept (any more) on this worker's machine")
    if not await asyncio.to_thread(zipfile.is_zipfile, path):
        return path
    made = folder / "context.tar"
    await asyncio.to_thread(_convert, path, made)
    return made


def _convert(zipped: Path, made: Path) -> None:
    try:
        with zipfile.ZipFile(zipped) as source, tarfile.open(made, "w", format=tarfile.PAX_FORMAT) as target:
            entries = source.infolist()
            _refuse_too_much(entries)
            for entry in entries:
                _add(source, entry, target)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        # RuntimeError: it wants a password; NotImplementedError: a way to compress that Python has not.
        raise Failed(f"The zip can't be read: {error}") from error


def _refuse_too_much(entries: list[zipfile.ZipInfo]) -> None:
    """By what it says of itself; zipfile does not unpack more of an entry than that."""
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > LARGEST:
        raise Failed(f"The zip holds too much: at most {MOST_FILES} files and {LARGEST} bytes")


def _add(source: zipfile.ZipFile, entry: zipfile.ZipInfo, target: tarfile.TarFile) -> None:
    name = entry.filename.rstrip("/")
    mode = entry.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if climbs(name) or "\\" in name:
        raise Failed(f"The zip has a path that leads out of it: {name!r}")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise Failed(f"The zip has {name!r}, which is neither a file nor a folder")
    made = tarfile.TarInfo(name)
    if entry.is_dir():
        made.type, made.mode = tarfile.DIRTYPE, 0o755
        target.addfile(made)
        return
    made.size, made.mode = entry.file_size, stat.S_IMODE(mode) & 0o777 or 0o644
    with source.open(entry) as content:
        target.addfile(made, content)
