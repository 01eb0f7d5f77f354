"""`--security-opt`."""

from pathlib import Path
from typing import Final

from engine.container import capabilities, seccomp
from engine.container.config import HostConfig
from engine.errors import InvalidParameter, NotSupported

#: Options that a word says: what each does is in `engine.container.spec`.
_WORDS: Final = frozenset(
    {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true", "no-new-privileges:false",
     "no-new-privileges=false", "apparmor=unconfined", "apparmor:unconfined", "label=disable", "label:disable",
     "systempaths=unconfined"}
)  # fmt: skip
_PROFILES: Final = Path("/sys/kernel/security/apparmor/profiles")


def check_security(host: HostConfig) -> None:
    """Raises InvalidParameter for what can't be read, NotSupported for what this host can't do."""
    names = tuple(capabilities.effective_set(host.cap_add or (), host.cap_drop or (), privileged=host.privileged))
    for option in host.security_opt or ():
        keyword, value = _split(option)
        if option in _WORDS or option == "seccomp=unconfined":
            continue
        if keyword == "seccomp":
            seccomp.custom_filter(value, names)
        elif keyword == "apparmor":
            _check_profile(value)
        elif keyword == "label":
            raise NotSupported(f"security option {option!r} is not supported: this engine sets no SELinux labels")
        else:
            raise InvalidParameter(f'invalid --security-opt 2: "{option}"')


def apparmor_profile(host: HostConfig) -> str:
    """The AppArmor profile that the user named, empty for none."""
    named = [value for keyword, value in map(_split, host.security_opt or ()) if keyword == "apparmor"]
    return "" if not named or named[-1] == "unconfined" else named[-1]


def _split(option: str) -> tuple[str, str]:
    separator = "=" if "=" in option else ":"
    keyword, _, value = option.partition(separator)
    return keyword, value


def _check_profile(name: str) -> None:
    try:
        loaded = {line.rpartition(" (")[0] for line in _PROFILES.read_text().splitlines()}
    except OSError as error:
        raise NotSupported(
            f"AppArmor profile {name!r}: AppArmor is not enabled on this host ({_PROFILES}: {error.strerror})"
        ) from error
    if name not in loaded:
        raise InvalidParameter(f"AppArmor profile {name!r} is not loaded on this host ({_PROFILES} does not name it)")
