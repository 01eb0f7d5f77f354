"""What an image has at a volume's mount point goes into the volume, once, while the volume is fresh."""

import os
from pathlib import Path

from engine.container import rootfs
from engine.container.record import MountedVolume, Record
from engine.errors import EngineError
from engine.linux import waiting
from engine.volume.service import Volumes


async def populate(record: Record, root: Path, volumes: Volumes) -> None:
    """Copy up into every fresh volume of the container that wants it. Raises EngineError when a copy fails."""
    for mounted in record.mounts:
        if mounted.kind == "volume" and volumes.is_fresh(mounted.name):
            if mounted.copy_up:
                await _copy_up(root, mounted)
            await volumes.mark_populated(mounted.name)


async def _copy_up(root: Path, mounted: MountedVolume) -> None:
    """The source is held open as the kernel resolved it within the root; cp follows no link below it.

    The copy is the host's cp on files at rest: nothing of the container runs yet.
    """
    try:
        with rootfs.opened(root, mounted.destination, flags=os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            source = f"/proc/{os.getpid()}/fd/{descriptor}"
            argv = ["cp", "--archive", "--no-target-directory", "--", f"{source}/.", mounted.source]
            done = await waiting.run(argv, timeout_s=None)
            if done.returncode:
                raise EngineError(
                    f"copying the image's {mounted.destination} to volume {mounted.name} failed: "
                    f"{done.stderr.decode(errors='replace').strip()}"
                )
            status = os.fstat(descriptor)
            os.chown(mounted.source, status.st_uid, status.st_gid)
            Path(mounted.source).chmod(status.st_mode & 0o7777)
    except (FileNotFoundError, NotADirectoryError):
        return  # the image has nothing there
