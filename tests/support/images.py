"""The suite's base images, made from Debian's packages and kept in the cache as OCI layouts.

`busybox`  one layer: a static busybox with hard links for its applets
`debian`   one layer: a minimal Debian with bash
`redis`    three layers: debian, Debian's redis-server installed in it, its settings
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.support import debian as deb
from tests.support import oci, session

_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BUSYBOX: Final = Path("/bin/busybox")

# What an image needs no copy of: the engine mounts its own /dev, resolv.conf and hostname; the rest is size.
_EXCLUDE: Final = (
    "./dev/*", "./proc/*", "./sys/*", "./run/*", "./tmp/*", "./etc/resolv.conf", "./etc/hostname",
    "./var/cache/apt/*", "./var/lib/apt/lists/*", "./var/log/*", "./usr/share/doc/*", "./usr/share/locale/*",
    "./usr/share/man/*",
)  # fmt: skip

_PASSWD: Final = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
"""
_GROUP: Final = "root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nusers:x:100:nobody\nnogroup:x:65534:\n"
_REDIS_SETTINGS: Final = "bind 0.0.0.0\nprotected-mode no\nport 6379\ndir /data\nsave 60 1\n"


def busybox() -> Path:
    return _cached("busybox", _build_busybox)


def debian() -> Path:
    return _cached("debian", _build_debian)


def redis() -> Path:
    return _cached("redis", _build_redis)


def _build_busybox(layout: oci.Layout, scratch: Path) -> None:
    root = scratch / "root"
    _busybox_root(root)
    config = {"Env": [_PATH], "Cmd": ["sh"]}
    layout.finish([layout.add_tree(root)], config, ["ADD busybox-static"])


def _busybox_root(root: Path) -> None:
    for folder, mode in {
        "bin": 0o755,
        "etc": 0o755,
        "root": 0o700,
        "tmp": 0o1777,
        "home": 0o755,
        "var/www": 0o755,
    }.items():
        path = root / folder
        path.mkdir(parents=True)
        path.chmod(mode)
    binary = root / "bin/busybox"
    shutil.copy(_BUSYBOX, binary)
    listed = subprocess.run([_BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    for applet in listed:
        if applet != "busybox":
            (root / "bin" / applet).hardlink_to(binary)
    (root / "etc/passwd").write_text(_PASSWD)
    (root / "etc/group").write_text(_GROUP)


def _build_debian(layout: oci.Layout, scratch: Path) -> None:
    root = scratch / "root"
    deb.bootstrap(root)
    layer = layout.add_tree(root, exclude=_EXCLUDE)
    layout.finish([layer], {"Env": [_PATH], "Cmd": ["bash"]}, ["ADD debootstrap --variant=minbase"])


def _build_redis(layout: oci.Layout, scratch: Path) -> None:
    base = oci.Layout(debian())
    base.unpack(scratch / "lower")
    deb.install_layer(
        scratch / "lower",
        scratch / "upper",
        ["redis-server"],
        then=[["install", "-d", "-o", "redis", "-g", "redis", "/data"]],
    )
    settings = scratch / "settings/usr/local/etc/redis.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(_REDIS_SETTINGS)
    layers = [
        *layout.adopt_layers(base),
        layout.add_tree(scratch / "upper", exclude=_EXCLUDE),
        layout.add_tree(scratch / "settings"),
    ]
    config: dict[str, Any] = {
        "Env": [_PATH],
        "User": "redis",
        "WorkingDir": "/data",
        "ExposedPorts": {"6379/tcp": {}},
        "Cmd": ["redis-server", "/usr/local/etc/redis.conf"],
    }
    layout.finish(
        layers, config, ["ADD debootstrap --variant=minbase", "RUN apt-get install redis-server", "COPY redis.conf"]
    )


def _cached(name: str, build: Callable[[oci.Layout, Path], None]) -> Path:
    """The layout of `name`, built once: by the first who needs it, and put in its place by one rename."""
    folder = session.cache() / "images"
    folder.mkdir(exist_ok=True)
    finished = folder / f"{name}-{_recipe()}"
    with _locked(folder / f"{name}.lock"):
        if not finished.exists():
            scratch = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=folder))
            try:
                build(oci.Layout.create(scratch / "layout"), scratch)
                _remove_older(folder, name)
                (scratch / "layout").rename(finished)
            finally:
                shutil.rmtree(scratch)
    return finished


def _remove_older(folder: Path, name: str) -> None:
    for path in folder.glob(f"{name}-*"):
        shutil.rmtree(path)


@functools.cache
def _recipe() -> str:
    """A name for what the images are made by: these three files' contents, and this machine's busybox."""
    digest = hashlib.sha256(oci.architecture().encode())
    for path in (Path(__file__), Path(oci.__file__), Path(deb.__file__), _BUSYBOX):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        os.utime(path)
