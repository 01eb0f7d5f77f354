"""Docker's `Mount`: one `--mount` of a create request."""

from msgspec import Struct


class BindOptions(Struct, rename="pascal"):
    propagation: str = ""
    create_mountpoint: bool = False
    non_recursive: bool = False
    read_only_non_recursive: bool = False
    read_only_force_recursive: bool = False


class DriverConfig(Struct, rename="pascal"):
    """The volume driver of a `--mount`, and its options for a volume that is made for it."""

    name: str = ""
    options: dict[str, str] | None = None


class VolumeOptions(Struct, rename="pascal"):
    no_copy: bool = False
    labels: dict[str, str] | None = None
    driver_config: DriverConfig | None = None
    subpath: str = ""


class TmpfsOptions(Struct, rename="pascal"):
    size_bytes: int = 0
    mode: int = 0
    options: list[list[str]] | None = None


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
