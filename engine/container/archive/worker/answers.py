"""Lines of JSON on standard output: what a worker says to the engine."""

import json
import os
import sys
from typing import Any

from engine.container.archive.worker.errors import PathMissing, Refusal


def say(answer: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


def refusal(error: Exception) -> dict[str, Any]:
    """An error as `archive.child` raises it again: the name of its class, and a message."""
    if isinstance(error, PathMissing):
        return {"error": "PathMissing", "message": ""}
    if isinstance(error, Refusal):
        return {"error": error.kind, "message": str(error)}
    return {"error": "EngineError", "message": reason(error)}


def reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return f"{type(error).__name__}: {error}"
