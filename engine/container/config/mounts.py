"""Docker's `Mount`: one `--mount` of a create request."""

from msgspec import Struct


class BindOptions(Struct, rename="pascal"):
    propagation: str = ""
    create_mountpoint: bool = False


class VolumeOptions(Struct, rename="pascal"):
    no_copy: bool = False
    labels: dict[str, str] | None = None


class TmpfsOptions(Struct, rename="pascal"):
    size_bytes: int = 0
    mode: int = 0


class Mount(Struct, rename="pascal"):
    """One `--mount`: `type` is bind, volume or tmpfs."""

    type: str
    target: str = ""
    source: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: BindOptions | None = None
    volume_options: VolumeOptions | None = None
    tmpfs_options: TmpfsOptions | None = None
