"""A context of files that came with the job."""

import asyncio
import io
import tarfile
from pathlib import Path

from dashboard.jobs.params.build import InlineSource


async def packed(source: InlineSource, folder: Path) -> Path:
    path = folder / "context.tar"
    await asyncio.to_thread(_write, source, path)
    return path


def _write(source: InlineSource, path: Path) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in sorted(source.files.items()):
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
