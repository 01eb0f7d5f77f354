"""nftables in process: libnftables' JSON interface, one transaction a call.

The library's handle speaks to the network namespace of the thread that made it, and its calls block for the kernel's
commit: so it lives on one thread of its own.
"""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nftables import Nftables

from engine.errors import EngineError

#: One command or object of libnftables-json(5).
Document = dict[str, Any]


class Nft:
    """The packet filter of the network namespace in which the first call is made."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nft")
        self._library: Nftables | None = None

    async def run(self, *commands: Document) -> None:
        """Commit the commands as one transaction: all of them or none. Raises EngineError with the library's words."""
        await self._submit({"nftables": list(commands)})

    async def listing(self, command: Document) -> list[Document]:
        """What a `list` command answers (`{"list": {"chains": null}}`), each object with its handle."""
        answer = await self._submit({"nftables": [command]})
        return list(json.loads(answer)["nftables"])

    def close(self) -> None:
        self._thread.shutdown()

    async def _submit(self, document: Document) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._call, document)

    def _call(self, document: Document) -> str:
        if self._library is None:
            self._library = _open()
        return _call(self._library, document)


def commit_here(commands: Sequence[Document]) -> None:
    """Commit the commands in the calling thread's network namespace; blocks. Raises EngineError."""
    _call(_open(), {"nftables": list(commands)})


def _open() -> Nftables:
    library = Nftables()
    library.set_json_output(True)
    library.set_handle_output(True)
    return library


def _call(library: Nftables, document: Document) -> str:
    code, output, error = library.cmd(json.dumps(document))
    if code:
        raise EngineError(f"nftables refused {_verbs(document)}: {_summary(error)}")
    return str(output)


def _verbs(document: Document) -> str:
    """What was asked, for the error: `add element, add element`."""
    return ", ".join(f"{verb} {next(iter(what))}" for command in document["nftables"] for verb, what in command.items())


def _summary(error: str) -> str:
    """The first complaint; the library repeats it for each command of the transaction, with the command's text."""
    return next((line for line in error.splitlines() if line.startswith("Error")), error).strip()
