"""A build's context from elsewhere: `POST /build?remote=…`."""

import tarfile
from pathlib import Path
from typing import Final

from engine.build.sources.address import GitAddress, where, without_credentials
from engine.build.sources.git import fetch_git
from engine.build.sources.gitrun import GitRun
from engine.build.sources.web import fetch
from engine.errors import InvalidParameter
from engine.image.threads import finish_in_thread
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import BLOCK, parse_header

#: What a compressed stream begins with: gzip, zstd, bzip2, xz.
_COMPRESSED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0")
#: Bytes of a Dockerfile that comes alone.
_DOCKERFILE_LIMIT: Final = 4 << 20


async def remote_context(text: str, scratch: Path) -> Path:
    """The context as a tar file (plain or compressed) below the empty folder `scratch`.

    A git repository gives the files of its commit, a URL an archive, or a Dockerfile, which is then the only file.
    Raises InvalidParameter, NotSupported, NotFound, Unavailable.
    """
    address = where(text, is_context=True)
    if isinstance(address, GitAddress):
        return await _from_git(address, scratch)
    if address is None:
        raise InvalidParameter(f"unable to prepare context: {without_credentials(text)[:200]!r} is no URL")
    got = await fetch(address, scratch / "context")
    if is_archive(got.path):
        return got.path
    if got.size > _DOCKERFILE_LIMIT:
        raise InvalidParameter(f"{without_credentials(text)[:200]} is neither an archive nor a Dockerfile")
    return await finish_in_thread(_wrapped, got.path, scratch / "context.tar")


async def _from_git(address: GitAddress, scratch: Path) -> Path:
    place = scratch / "git"
    place.mkdir(mode=0o700)
    tree = await fetch_git(address, place)
    packed = scratch / "context.tar"
    inside = tree.root.relative_to(place.resolve())
    owners = ("--owner=0", "--group=0", "--numeric-owner")
    with packed.open("xb") as file:
        await GitRun(place, address).run("tar", "--create", "--sort=name", *owners, "-C", str(inside), ".", stdout=file)
    return packed


def is_archive(path: Path) -> bool:
    """By content, as a server's word on it is often wrong."""
    with path.open("rb") as file:
        head = file.read(BLOCK)
    try:
        return head.startswith(_COMPRESSED) or (len(head) == BLOCK and parse_header(head) is not None)
    except LayerError:
        return False


def _wrapped(dockerfile: Path, archive: Path) -> Path:
    with tarfile.open(archive, "x") as tar:
        tar.add(dockerfile, "Dockerfile", recursive=False)
    return archive
