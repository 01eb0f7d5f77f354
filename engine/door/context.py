"""The door's TLS: certificates on both sides, read anew when their files change."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from engine.errors import Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Files:
    """Where the authority's certificate and the server's pair are."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def within(cls, folder: Path) -> Self:
        return cls(folder / "ca.pem", folder / "server-cert.pem", folder / "server-key.pem")

    def age(self) -> tuple[tuple[int, int], ...]:
        """What changes when one of the files does."""
        found = [path.stat() for path in (self.authority, self.certificate, self.key)]
        return tuple((each.st_mtime_ns, each.st_ino) for each in found)


def make(files: Files) -> ssl.SSLContext:
    """A context that lets in clients whose certificate the authority has signed, and nobody else.

    Raises Unavailable where a file is missing or is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(files.authority)
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(f"no TLS with {files.certificate}, {files.key} and {files.authority}: {error}") from error
    return context


class Current:
    """The context for the next connection: rotated certificates are taken without a restart, broken ones are not."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._age = files.age()
        self._context = make(files)

    def context(self) -> ssl.SSLContext:
        try:
            if (age := self._files.age()) != self._age:
                self._context, self._age = make(self._files), age
                log.info("took new certificates", certificate=str(self._files.certificate))
        except (OSError, Unavailable) as error:
            log.error("kept the certificates of before", error=str(error))  # noqa: TRY400  # the text says it all
        return self._context
