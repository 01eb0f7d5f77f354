"""`docker top`: the container's processes, as the host's ps shows them."""

import shlex
from collections.abc import Sequence
from typing import Any, Final

from engine.errors import EngineError, InvalidParameter
from engine.linux import waiting

_DEFAULT: Final = "-ef"


async def top(pids: Sequence[int], ps_args: str) -> dict[str, Any]:
    """Docker's ContainerTopResponse. Raises InvalidParameter when `ps_args` gives no PID column."""
    try:
        arguments = shlex.split(ps_args or _DEFAULT)
    except ValueError as error:
        raise InvalidParameter(f"ps arguments {ps_args!r}: {error}") from error
    done = await waiting.run(["ps", *arguments])
    if done.returncode:
        raise EngineError(f"ps failed: {done.stderr.decode(errors='replace').strip()}")
    head, *lines = done.stdout.decode(errors="replace").splitlines()
    titles = head.split()
    if "PID" not in titles:
        raise InvalidParameter("Couldn't find PID field in ps output")
    column, wanted = titles.index("PID"), {str(pid) for pid in pids}
    rows = [line.split(None, len(titles) - 1) for line in lines]
    return {"Titles": titles, "Processes": [row for row in rows if len(row) > column and row[column] in wanted]}
