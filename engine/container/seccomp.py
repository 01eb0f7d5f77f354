"""The seccomp filter of a container: Docker's profile format in, OCI's `linux.seccomp` out."""

import errno
import json
import os
import platform
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from engine.errors import InvalidParameter, Unavailable
from engine.linux import abi

#: The profile that Debian's golang-github-containers-common keeps up to date.
DEFAULT_PROFILE: Final = Path("/usr/share/containers/seccomp.json")

#: That profile serves rootless containers too and lets everybody mount and make namespaces, a large part of the
#: kernel's attack surface. Docker's gives these calls only to a container with the capability (None: to nobody);
#: see "Seccomp security profiles for Docker" in its documentation. So does this engine.
_GUARDED: Final[dict[str | None, frozenset[str]]] = {
    "CAP_SYS_ADMIN": frozenset(
        {"clone", "clone3", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
         "open_tree", "setns", "umount", "umount2", "unshare"}
    ),
    "CAP_SYS_BOOT": frozenset({"reboot"}),
    "CAP_SYS_NICE": frozenset({"get_mempolicy", "mbind", "set_mempolicy"}),
    "CAP_SYSLOG": frozenset({"syslog"}),
    None: frozenset({"add_key", "keyctl", "pivot_root", "request_key"}),
}  # fmt: skip
#: The CLONE_NEW* flags: without CAP_SYS_ADMIN clone works as long as none of them is set.
_NAMESPACE_FLAGS: Final = 0x7E020000

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "x86", "s390x": "s390x"}


@lru_cache(maxsize=16)
def default_filter(capabilities: tuple[str, ...], *, knows_new_calls: bool = False) -> dict[str, Any]:
    """The default filter for a container with these capabilities. Raises Unavailable when the host has no profile.

    The x32 ABI is part of it only where the kernel has it: each architecture costs milliseconds.
    With `knows_new_calls` the runtime answers calls that are newer than the filter's list by itself. Then the filter is
    a list of what is allowed, and EPERM for all else, as Docker's: without a rule for each refusal it takes the runtime
    a third less time to install, at each start and each exec.
    """
    try:
        profile = json.loads(DEFAULT_PROFILE.read_bytes())
    except (OSError, ValueError) as error:
        raise Unavailable(f"the default seccomp profile can't be read from {DEFAULT_PROFILE}: {error}") from error
    compiled = compile_profile(profile, capabilities)
    filter_ = {
        **compiled,
        "architectures": [each for each in compiled["architectures"] if each != "SCMP_ARCH_X32" or abi.has_x32()],
        "syscalls": _guarded(compiled["syscalls"], set(capabilities)),
    }
    return _refusing(filter_) if knows_new_calls else filter_


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


def _guarded(rules: Sequence[Mapping[str, Any]], capabilities: set[str]) -> list[dict[str, Any]]:
    """The rules without the calls that the container's capabilities do not entitle it to."""
    withheld = {name for owner, names in _GUARDED.items() if owner not in capabilities for name in names}
    kept = [{**rule, "names": [name for name in rule["names"] if name not in withheld]} for rule in rules]
    kept = [rule for rule in kept if rule["names"]]
    # Programs take EPERM for a refusal; the profile's own answer to an unknown call says that the kernel lacks it.
    refused = sorted(withheld - {"clone", "clone3"})
    kept.append({"names": refused, "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM})
    if "clone" in withheld:
        no_namespaces = {"index": 0, "value": _NAMESPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
        kept.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [no_namespaces]})
        # Its flags lie in memory, out of a filter's sight; C libraries fall back to clone.
        kept.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS})
    return kept


def _refusing(filter_: Mapping[str, Any]) -> dict[str, Any]:
    refusal = ("SCMP_ACT_ERRNO", errno.EPERM)
    rules = [rule for rule in filter_["syscalls"] if (rule["action"], rule.get("errnoRet")) != refusal]
    return {**filter_, "defaultAction": refusal[0], "defaultErrnoRet": refusal[1], "syscalls": rules}


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
