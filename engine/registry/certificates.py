"""A registry's own certificates: `certs.d/<host[:port]>/`, with Docker's rules.

`*.crt` are authorities, trusted beside the host's; `NAME.cert` with `NAME.key` is a certificate to show. The folders
are looked at whenever a registry is spoken to, so a new certificate needs no restart.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.config import Config
from engine.errors import InvalidParameter

_SYSTEM: Final = Path("/etc/portside/certs.d")


def tls_for(host: str, config: Config, *, insecure: bool) -> ssl.SSLContext | bool:
    """What aiohttp takes as `ssl` for the registry at `host`. An insecure registry's certificate is not checked.

    Raises InvalidParameter, naming the file, for one that can't be read and for half a pair.
    """
    files = [file for folder in _folders(host, config) for file in sorted(folder.iterdir())]
    if not files:
        return not insecure
    context = ssl.create_default_context()
    for file in files:
        _add(context, file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _folders(host: str, config: Config) -> Iterator[Path]:
    """A host comes from a user's reference, whose grammar allows no slash; a name of dots alone is no host."""
    if not host.strip(".") or "/" in host:
        return
    for root in (config.home / "certs.d", _SYSTEM):
        if (root / host).is_dir():
            yield root / host


def _add(context: ssl.SSLContext, file: Path) -> None:
    try:
        match file.suffix:
            case ".crt":
                context.load_verify_locations(cafile=file)
            case ".cert":
                context.load_cert_chain(file, _other(file, ".key", "missing key {other} for client certificate {file}"))
            case ".key":
                _other(file, ".cert", "missing client certificate {other} for key {file}")
    except (OSError, ssl.SSLError) as error:
        raise InvalidParameter(f"reading the registry's certificates, {file}: {error}") from error


def _other(file: Path, suffix: str, complaint: str) -> Path:
    other = file.with_suffix(suffix)
    if not other.exists():
        said = complaint.format(other=other.name, file=file.name)
        raise InvalidParameter(f"{file.parent}: {said}. CA certificates must use the extension .crt")
    return other
