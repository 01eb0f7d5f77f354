"""A mount as a create request asks for it."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.container.record import MountedVolume


class VolumeRequest(NamedTuple):
    """A mount as asked for. For a volume `source` is its name, empty for a new anonymous one."""

    mount: MountedVolume
    source: str
    labels: Mapping[str, str]
