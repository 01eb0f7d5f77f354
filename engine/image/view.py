"""Images as the Engine API shows them (version 1.48)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from engine.image.config import RunConfig, unix_time
from engine.image.image import Image

_NEVER: Final = "0001-01-01T00:00:00Z"
#: Fields of containers that this version still has in an image's config, always empty, and those that may be null.
_LEGACY_CONFIG: Final[Mapping[str, Any]] = {
    "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False, "AttachStderr": False,
    "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": None, "Image": "", "Volumes": None,
    "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": None,
}  # fmt: skip


def summary(image: Image, *, shared: int = -1) -> dict[str, Any]:
    """One row of `GET /images/json`."""
    return {
        "Id": image.id,
        "ParentId": "",
        "RepoTags": list(image.repo_tags),
        "RepoDigests": list(image.repo_digests),
        "Created": unix_time(image.created),
        "Size": image.size,
        "SharedSize": shared,
        "Labels": image.labels or None,
        "Containers": -1,
    }


def inspection(image: Image, driver: Mapping[str, Any]) -> dict[str, Any]:
    """`GET /images/{name}/json`; `driver` is the `GraphDriver` part."""
    config = image.config
    document: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": list(image.repo_tags),
        "RepoDigests": list(image.repo_digests),
        "Parent": "",
        "Comment": config.comment or (config.history[-1].comment if config.history else ""),
        "DockerVersion": config.docker_version,
        "Author": config.author,
        "Config": run_config(config.config),
        "Architecture": image.architecture,
        "Os": image.os,
        "Size": image.size,
        "GraphDriver": dict(driver),
        "RootFS": {"Type": "layers", "Layers": config.rootfs.diff_ids},
        "Metadata": {"LastTagTime": image.tagged or _NEVER},
    }
    optional = {"Created": image.created, "Variant": image.variant, "OsVersion": config.os_version}
    return document | {name: value for name, value in optional.items() if value}


def run_config(config: RunConfig | None) -> dict[str, Any]:
    """An image's `Config`."""
    return {**_LEGACY_CONFIG, **(msgspec.to_builtins(config) if config else {})}


def history(image: Image) -> list[dict[str, Any]]:
    """`GET /images/{name}/history`, the newest step first. Steps of a pulled image have no ID of their own."""
    sizes = iter(image.layer_sizes)
    rows: list[dict[str, Any]] = [
        {
            "Id": "<missing>",
            "Created": unix_time(step.created),
            "CreatedBy": step.created_by,
            "Tags": None,
            "Size": 0 if step.empty_layer else next(sizes, 0),
            "Comment": step.comment,
        }
        for step in image.config.history or ()
    ]
    rows.reverse()
    if rows:
        rows[0] |= {"Id": image.id, "Tags": list(image.repo_tags) or None}
    return rows
