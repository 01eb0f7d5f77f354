"""Does an OCI runtime work on this host? Tried with a container whose program is not there.

A runtime looks for the program last, within the finished container: namespaces, control groups and mounts have been
made by then. So one that complains of nothing but the missing program works, and nothing was ever run.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

from engine.linux import cgroups, waiting

_PROGRAM: Final = "portside-trial"
_ID: Final = "trial"
_PATIENCE_S: Final = 10


async def reason_against(program: Path, folder: Path, cgroup: str) -> str:
    """Why the runtime does not work here, in its own words; empty when it does. `folder` is made, and removed."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rootfs").mkdir(parents=True, mode=0o700)
    (folder / "config.json").write_text(json.dumps(_specification(f"{cgroup}/{_PROGRAM}")))
    argv = [str(program), "--root", str(folder / "state")]
    try:
        done = await waiting.run([*argv, "create", "--bundle", str(folder), _ID], timeout_s=_PATIENCE_S)
        await waiting.run([*argv, "delete", "--force", _ID], timeout_s=_PATIENCE_S)
    except (OSError, TimeoutError) as error:
        return str(error) or f"it did not answer within {_PATIENCE_S} s"
    finally:
        cgroups.remove(f"{cgroup}/{_PROGRAM}")
        shutil.rmtree(folder, ignore_errors=True)
    said = done.stderr.decode(errors="replace").strip()
    return "" if _PROGRAM in said else said or f"it ended with {done.returncode} and no word of why"


def _specification(cgroup: str) -> dict[str, Any]:
    return {
        "ociVersion": "1.0.2",
        "process": {"args": [f"/{_PROGRAM}"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {
            "cgroupsPath": cgroup,
            "namespaces": [{"type": kind} for kind in ("mount", "pid", "network", "ipc", "uts")],
            "resources": {"pids": {"limit": 16}},
        },
    }
