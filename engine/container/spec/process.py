"""The container's first process: arguments, environment, user, limits."""

from collections.abc import Sequence
from typing import Any, Final

from engine.container import init
from engine.container.checks.security import apparmor_profile
from engine.container.record import Record
from engine.container.spec.security import capability_sets, granted, no_new_privileges
from engine.container.user import Identity

_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def process(record: Record, identity: Identity) -> dict[str, Any]:
    """The container's first process."""
    host, config = record.host_config, record.config
    described = {
        "terminal": config.tty,
        "user": identity.to_oci(),
        "args": [init.TARGET, "--", *record.argv] if host.init else record.argv,
        "env": environment(record, identity),
        "cwd": config.working_dir or "/",
        "oomScoreAdj": host.oom_score_adj,
        "noNewPrivileges": no_new_privileges(host),
        "capabilities": capability_sets(granted(host), identity),
    }
    if config.tty and host.console_size and any(host.console_size):
        described["consoleSize"] = {"height": host.console_size[0], "width": host.console_size[1]}
    if profile := apparmor_profile(host):
        described["apparmorProfile"] = profile
    if host.ulimits:
        described["rlimits"] = [
            {"type": f"RLIMIT_{limit.name.upper()}", "soft": _unsigned(limit.soft), "hard": _unsigned(limit.hard)}
            for limit in host.ulimits
        ]
    return described


def environment(record: Record, identity: Identity) -> list[str]:
    """PATH, HOSTNAME, TERM, the links', and HOME, then what the image and the user set; the last of one name wins."""
    base = [_PATH, f"HOSTNAME={record.config.hostname}"]
    if record.config.tty:
        base.append("TERM=xterm")
    return merge_environment([*base, *record.link_environment, f"HOME={identity.home}"], record.config.env or ())


def merge_environment(base: Sequence[str], *layers: Sequence[str]) -> list[str]:
    """One entry a name, at the place of its first mention; an entry without `=` unsets its name."""
    merged: dict[str, str | None] = {}
    for entry in (*base, *(entry for layer in layers for entry in layer)):
        name, equals, _ = entry.partition("=")
        merged[name] = entry if equals else None
    return [entry for entry in merged.values() if entry is not None]


def _unsigned(limit: int) -> int:
    """-1 stands for no limit: RLIM_INFINITY."""
    return limit if limit >= 0 else 2**64 - 1
