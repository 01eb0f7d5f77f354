"""The engine's own state: records in one SQLite file, written through one thread.

Each change is one transaction. In WAL mode a process killed at any instant leaves either the old record or the
new one; `synchronous=NORMAL` keeps that true across a power loss too, at the price of the last few commits.
"""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
import structlog

from engine.errors import Unavailable

log = structlog.get_logger(__name__)

R = TypeVar("R")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


#: Bytes: some hundred records.
_RESERVE: Final = 2 << 20
_SQLITE_FULL: Final = 13  # sqlite3.SQLITE_FULL comes with Python 3.12


class Database:
    """The SQLite file and the one thread that touches it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = self._thread.submit(_connect, path).result()

    async def write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run `statement` once for each of `rows`, in one transaction; durable when this returns.

        Raises OSError when it can't be written, as with any file: ENOSPC when the disk is full.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, statement, rows)

    def read(self, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """All rows of `query`, blocking: for start-up, before the event loop serves anybody."""
        return self._thread.submit(lambda: self._connection.execute(query, parameters).fetchall()).result()

    def close(self) -> None:
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """The cursor never leaves this thread: dropped in another, it would reset a statement in use."""
        try:
            with self._connection:
                self._connection.executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise _as_os_error(error, self._path) from error


class Records(Generic[R]):
    """All records of one kind: a mapping from key to a msgspec structure, each written whole."""

    def __init__(self, database: Database, kind: str, record_type: type[R]) -> None:
        self._database = database
        self._kind = kind
        self._decoder = msgspec.json.Decoder(record_type)
        self._encoder = msgspec.json.Encoder()

    async def put(self, key: str, record: R) -> None:
        """Write the record; durable when this returns. It is encoded before, so later changes do not leak in."""
        row = (self._kind, key, self._encoder.encode(record))
        await self._database.write("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", [row])

    async def put_all(self, records: Mapping[str, R]) -> None:
        """Write several, all or none; durable when this returns."""
        rows = [(self._kind, key, self._encoder.encode(record)) for key, record in records.items()]
        await self._database.write("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", rows)

    async def delete(self, *keys: str) -> None:
        """Forget the records; a key that is not there is no error."""
        rows = [(self._kind, key) for key in keys]
        await self._database.write("DELETE FROM record WHERE kind = ? AND key = ?", rows)

    def load(self, broken: Callable[[str, bytes, str], None] | None = None) -> dict[str, R]:
        """Every record, read at start-up (blocking).

        One that can't be read does not keep the engine from the others: it is logged and told to `broken` (its key, its
        body, and why), and stays as it is.
        """
        records = {}
        for key, body in self._database.read("SELECT key, body FROM record WHERE kind = ?", (self._kind,)):
            try:
                records[key] = self._decoder.decode(body)
            except (msgspec.MsgspecError, TypeError) as error:
                log.warning("a record can't be read", kind=self._kind, key=key, error=str(error))
                if broken is not None:
                    broken(key, body if isinstance(body, bytes) else str(body).encode(), str(error))
        return records


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, check_same_thread=True)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(_SCHEMA)
        connection.commit()
        _reserve(connection)
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the engine's state can't be used: {path}: {error}") from error
    path.chmod(0o600)
    return connection


def _reserve(connection: sqlite3.Connection) -> None:
    """Have room for the records of the next hours, also when the disk is filled meanwhile.

    What is written and deleted leaves free pages in the file, and a write-ahead log that is written over.
    """
    try:
        with connection:
            connection.execute("INSERT OR REPLACE INTO record VALUES ('reserve', '', zeroblob(?))", (_RESERVE,))
        with connection:
            connection.execute("DELETE FROM record WHERE kind = 'reserve'")
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    except sqlite3.OperationalError as error:
        log.warning("there is no room to reserve for the engine's records", error=str(error))


def _as_os_error(error: sqlite3.OperationalError, path: Path) -> OSError:
    number = errno.ENOSPC if error.sqlite_errorcode & 0xFF == _SQLITE_FULL else errno.EIO
    return OSError(number, os.strerror(number), str(path))


def atomic_write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write `data` to `path` so that a reader, or a crash, sees the old file or the new one (write, fsync, rename)."""
    staged = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    staged.replace(path)
