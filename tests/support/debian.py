"""The host's own Debian: where its packages come from, and a root file system made of them."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SUITE: Final = "bookworm"

# In a mount and a process namespace of its own: whatever ends this program, no mount and no daemon that a package
# started is left. $1 lower folder, $2 upper, $3 work, $4 where they are merged; the rest is run in it.
_LAYER_SCRIPT: Final = """
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
mount -t proc proc "$4/proc"
mount --rbind /dev "$4/dev"
cp -L /etc/resolv.conf "$4/etc/resolv.conf"
printf '#!/bin/sh\\nexit 101\\n' > "$4/usr/sbin/policy-rc.d"
chmod 755 "$4/usr/sbin/policy-rc.d"
root=$4
shift 4
chroot "$root" "$@"
rm "$root/usr/sbin/policy-rc.d"
"""


def mirror() -> str:
    """The address from which this host's apt takes Debian's main packages."""
    argv = [
        "apt-get",
        "indextargets",
        "--format",
        "$(SITE)",
        "Created-By: Packages",
        f"Release: {SUITE}",
        "Component: main",
    ]
    sites = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
    for site in sites:
        if site.startswith(("http://", "https://")):
            return site
    raise RuntimeError(f"apt's sources name no mirror for {SUITE} main (apt-get indextargets gave {sites})")


def bootstrap(root: Path) -> None:
    """A minimal Debian in `root`."""
    argv = ["debootstrap", "--variant=minbase", SUITE, str(root), mirror()]
    _run(argv)


def install_layer(lower: Path, upper: Path, packages: Sequence[str], then: Sequence[Sequence[str]] = ()) -> None:
    """Install `packages` over `lower`, then run the commands `then`; what changed is in `upper`."""
    work, merged = (upper.with_name(f"{upper.name}.{part}") for part in ("work", "merged"))
    for folder in (upper, work, merged):
        folder.mkdir()
    commands = (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
        ["apt-get", "clean"],
        *then,
    )
    script = " && ".join(" ".join(_quoted(word) for word in command) for command in commands)
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", _LAYER_SCRIPT, "sh"]
    _run([*argv, str(lower), str(upper), str(work), str(merged), "sh", "-euc", script])


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _run(argv: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", **_proxies()}
    environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} failed with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def _proxies() -> dict[str, str]:
    """apt's proxy as variables, which debootstrap's wget and the apt inside the new root read."""
    found = {}
    for scheme in ("http", "https"):
        argv = ["apt-config", "shell", "PROXY", f"Acquire::{scheme}::Proxy"]
        line = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
        if line:
            found[f"{scheme}_proxy"] = line.partition("=")[2].strip("'")
    return found
