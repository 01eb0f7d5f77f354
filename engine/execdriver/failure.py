"""Why a process could not be made, read from what the runtime and conmon leave."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError
from engine.execdriver.driver import MonitorFailed, StartFailed

_NOT_FOUND: Final = ("executable file not found", "no such file or directory", "executable file `")
_NOT_ALLOWED: Final = ("permission denied", "is a directory", "exec format error")
_TASK: Final = "failed to create task for container: failed to create shim task: "


def failure(what: str, folder: Path, answer: Mapping[str, Any], returncode: int) -> EngineError:
    """What to raise for a `create` or `exec` in `folder` to which conmon said `answer`, and then ended."""
    message = _runtime_error(folder / "oci.log") or str(answer.get("message", "")).strip()
    if not message:
        return MonitorFailed(f"conmon ended with {returncode} and no word of why ({what}, {folder.name})")
    prefix = _TASK if what == "create" else ""
    return StartFailed(f"{prefix}OCI runtime {what} failed: {message}: unknown", _exit_code_of(message))


def decode(line: bytes) -> dict[str, Any]:
    """A line of conmon's, or of the runtime's log: an object, empty for anything else."""
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _runtime_error(log: Path) -> str:
    """The last error in the runtime's log (a JSON object a line)."""
    with contextlib.suppress(OSError):
        for line in reversed(log.read_bytes().splitlines()):
            entry = decode(line)
            if entry.get("level") == "error":
                return str(entry.get("msg", ""))
    return ""


def _exit_code_of(message: str) -> int:
    text = message.lower()
    if any(part in text for part in _NOT_FOUND):
        return 127
    return 126 if any(part in text for part in _NOT_ALLOWED) else 128
