"""The seccomp filter of a container: Docker's profile format in, OCI's `linux.seccomp` out."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from engine.errors import InvalidParameter, Unavailable

#: Docker's default profile as its own people keep it (Debian's golang-github-containers-common).
DEFAULT_PROFILE: Final = Path("/usr/share/containers/seccomp.json")

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "x86", "s390x": "s390x"}


@lru_cache(maxsize=16)
def default_filter(capabilities: tuple[str, ...]) -> dict[str, Any]:
    """The default filter for a container with these capabilities. Raises Unavailable when the host has no profile."""
    try:
        profile = json.loads(DEFAULT_PROFILE.read_bytes())
    except (OSError, ValueError) as error:
        raise Unavailable(f"the default seccomp profile can't be read from {DEFAULT_PROFILE}: {error}") from error
    return compile_profile(profile, capabilities)


def custom_filter(text: str, capabilities: Sequence[str]) -> dict[str, Any]:
    """The filter of a profile that the user sent (its JSON text). Raises InvalidParameter."""
    try:
        profile = json.loads(text)
        if not isinstance(profile, dict) or "defaultAction" not in profile:
            raise ValueError("an object with a defaultAction is expected")
        return compile_profile(profile, capabilities)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidParameter(f"Decoding seccomp profile failed: {error}") from error


def compile_profile(profile: Mapping[str, Any], capabilities: Sequence[str]) -> dict[str, Any]:
    """Resolve the profile's conditions (capabilities, architecture, kernel) for one container on this host."""
    native = _ARCHITECTURES.get(platform.machine(), platform.machine())
    rules = [rule for rule in profile.get("syscalls") or () if _applies(rule, set(capabilities), native)]
    filter_: dict[str, Any] = {
        "defaultAction": profile["defaultAction"],
        "architectures": _architectures(profile, native),
        "syscalls": [_oci_rule(rule) for rule in rules],
    }
    if profile.get("defaultErrnoRet") is not None:
        filter_["defaultErrnoRet"] = profile["defaultErrnoRet"]
    if profile.get("flags"):
        filter_["flags"] = profile["flags"]
    return filter_


def _architectures(profile: Mapping[str, Any], native: str) -> list[str]:
    if profile.get("architectures"):
        return list(profile["architectures"])
    wanted = {"amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64", "arm": "SCMP_ARCH_ARM", "x86": "SCMP_ARCH_X86"}
    mine = wanted.get(native, f"SCMP_ARCH_{native.upper()}")
    for entry in profile.get("archMap") or ():
        if entry["architecture"] == mine:
            return [mine, *(entry.get("subArchitectures") or ())]
    return [mine]


def _applies(rule: Mapping[str, Any], capabilities: set[str], native: str) -> bool:
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    included = (
        set(includes.get("caps") or ()) <= capabilities
        and (not includes.get("arches") or native in includes["arches"])
        and _kernel_at_least(includes.get("minKernel"))
    )
    excluded = (
        bool(set(excludes.get("caps") or ()) & capabilities)
        or native in (excludes.get("arches") or ())
        or bool(excludes.get("minKernel") and _kernel_at_least(excludes["minKernel"]))
    )
    return included and not excluded


def _kernel_at_least(version: str | None) -> bool:
    if not version:
        return True
    major, minor = (int("".join(filter(str.isdigit, part)) or 0) for part in os.uname().release.split(".")[:2])
    wanted_major, wanted_minor = (int(part) for part in version.split(".")[:2])
    return (major, minor) >= (wanted_major, wanted_minor)


def _oci_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    names = rule.get("names") or [rule["name"]]
    oci: dict[str, Any] = {"names": list(names), "action": rule["action"]}
    if rule.get("errnoRet") is not None:
        oci["errnoRet"] = rule["errnoRet"]
    if rule.get("args"):
        oci["args"] = [_oci_argument(argument) for argument in rule["args"]]
    return oci


def _oci_argument(argument: Mapping[str, Any]) -> dict[str, Any]:
    return {key: argument[key] for key in ("index", "value", "valueTwo", "op") if argument.get(key) is not None}
