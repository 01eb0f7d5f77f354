"""What a RUN step mounts beside its root: `RUN --mount=type=…`."""

from dataclasses import dataclass
from enum import StrEnum


class MountType(StrEnum):
    BIND = "bind"
    CACHE = "cache"
    TMPFS = "tmpfs"
    SECRET = "secret"  # noqa: S105 - the name of a kind of mount
    SSH = "ssh"


class Sharing(StrEnum):
    """How builds that run at once use one cache mount: together, a copy each, or one after the other."""

    SHARED = "shared"
    PRIVATE = "private"
    LOCKED = "locked"


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One `--mount`. What the Dockerfile leaves out is "" or None: the step's own rules give the default.

    `source` is a path inside `from_` (a stage, an image or a named context; "" is the build's context), `size` is in
    bytes (tmpfs only, 0: no limit of its own), `mode` holds permission bits, `env` names a variable that carries the
    secret (then `target` may be "": no file is wanted). `written` is the flag's text: while a variable stands in an
    option, that option is not in the fields yet (`from_` and what is given without variables always are).
    """

    type: MountType = MountType.BIND
    source: str = ""
    target: str = ""
    from_: str = ""
    id: str = ""
    sharing: Sharing = Sharing.SHARED
    readonly: bool = True
    required: bool = False
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    size: int = 0
    env: str = ""
    written: str = ""
