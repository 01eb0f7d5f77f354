"""An image's config: the JSON document whose digest is the image's ID (OCI config.md, and Docker's additions)."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from engine.errors import InvalidParameter
from engine.image.digest import check_digest

#: Docker's limit is the same order; a config lists files' digests and shell lines, not content.
SIZE_LIMIT: Final = 8 << 20


class Healthcheck(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """How to see whether a container is well. Times in nanoseconds; 0 inherits."""

    test: list[str] | None = None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class RunConfig(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """What a container of this image runs with unless told otherwise. None: the image does not say."""

    user: str = ""
    exposed_ports: dict[str, Any] | None = None
    env: list[str] | None = None
    cmd: list[str] | None = None
    healthcheck: Healthcheck | None = None
    volumes: dict[str, Any] | None = None
    working_dir: str = ""
    entrypoint: list[str] | None = None
    on_build: list[str] | None = None
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    stop_timeout: int | None = None
    shell: list[str] | None = None
    args_escaped: bool = False


class RootFS(msgspec.Struct, frozen=True):
    """The layers' diff IDs, lowest first."""

    type: str
    diff_ids: list[str] = msgspec.field(default_factory=list)


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the image's history; `empty_layer` steps changed no file."""

    created: str | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class ImageConfig(msgspec.Struct, frozen=True):
    """The document. `created` is RFC 3339 text as its maker wrote it, or None."""

    rootfs: RootFS
    architecture: str = ""
    os: str = ""
    variant: str = ""
    os_version: str = msgspec.field(default="", name="os.version")
    created: str | None = None
    author: str = ""
    comment: str = ""
    docker_version: str = ""
    config: RunConfig | None = None
    history: list[Step] | None = None


_DECODER: Final = msgspec.json.Decoder(ImageConfig)


def parse_config(data: bytes) -> ImageConfig:
    """Read a config; raises InvalidParameter when it is not an image's, or its layers are not named by digests."""
    try:
        document = _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidParameter(f"invalid image config: {error}") from error
    if document.rootfs.type != "layers":
        raise InvalidParameter(f"invalid rootfs in image configuration: type {document.rootfs.type[:80]!r}")
    for diff_id in document.rootfs.diff_ids:
        check_digest(diff_id)
    return document


def unix_time(text: str | None) -> int:
    """RFC 3339 text as Unix seconds; 0 where there is none, or none that can be read."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
