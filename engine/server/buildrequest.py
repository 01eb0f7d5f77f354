"""`POST /build`: its query and headers as a build's request.

Beside Docker's own there are two of this engine: `keepfailed` keeps the files of a RUN step that fails as an image, and
the header `X-Portside-Secrets` (base64 of a JSON object: each secret's value in base64, by its id) brings what `RUN
--mount=type=secret` mounts. A header, because queries stand in logs.
"""

import base64
import binascii
import posixpath
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.build.bases import check_platform
from engine.build.request import BuildRequest
from engine.container.checks.kernel import adapt
from engine.container.checks.limits import check_limits
from engine.container.config import HostConfig
from engine.container.config.decode import decode
from engine.errors import InvalidParameter, NotSupported
from engine.image.reference import Reference, parse
from engine.registry.auth import Credentials, parse_credentials
from engine.registry.login import registry_host
from engine.server.requests import decode_json, flag, word

SECRETS_HEADER: Final = "X-Portside-Secrets"
_REGISTRIES_HEADER: Final = "X-Registry-Config"
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
#: Docker's HostConfig fields by the query's names.
_NUMBERS: Final[Mapping[str, str]] = {
    "memory": "Memory",
    "memswap": "MemorySwap",
    "cpushares": "CpuShares",
    "cpuperiod": "CpuPeriod",
    "cpuquota": "CpuQuota",
    "shmsize": "ShmSize",
}
_TEXTS: Final[Mapping[str, str]] = {
    "cpusetcpus": "CpusetCpus",
    "cpusetmems": "CpusetMems",
    "cgroupparent": "CgroupParent",
}
#: BuildKit's version of the builder, which speaks another protocol.
_BUILDKIT: Final = "2"


def read_build(request: web.Request) -> BuildRequest:
    """Raises InvalidParameter and NotSupported, by name, for what can't be honoured."""
    _refuse(request)
    args = _mapping(request, "buildargs", nullable=True)
    return BuildRequest(
        dockerfile=_dockerfile(request),
        tags=tuple(_tag(text) for text in request.query.getall("t", []) if text),
        target=word(request, "target") or "",
        args=args,
        labels=_mapping(request, "labels"),
        remote=_remote(request),
        network=word(request, "networkmode") or "default",
        limits=_limits(request),
        use_cache=not flag(request, "nocache"),
        cache_from=tuple(_strings(request, "cachefrom")),
        pull=flag(request, "pull"),
        quiet=flag(request, "q"),
        squash=flag(request, "squash"),
        keep_failed=flag(request, "keepfailed"),
        credentials=_registries(request),
        secrets=_secrets(request),
    )


def _refuse(request: web.Request) -> None:
    if word(request, "version") == _BUILDKIT:
        raise NotSupported("BuildKit's protocol is not supported: build with DOCKER_BUILDKIT=0")
    if word(request, "outputs") not in {None, "[]", "null"}:
        raise NotSupported(
            "outputs: a build's result is an image in this engine's store, see docker save and docker cp"
        )
    if _strings(request, "securityopt"):
        raise NotSupported("securityopt: steps of a build run with the default security options")
    if word(request, "isolation") not in {None, "default"}:
        raise InvalidParameter(f"isolation: {word(request, 'isolation')} is not a mode of this platform")
    check_platform(word(request, "platform") or "")


def _dockerfile(request: web.Request) -> str:
    """The path in the context, which is where it ends: `..` does not lead out of it."""
    path = posixpath.normpath("/" + (word(request, "dockerfile") or "Dockerfile")).lstrip("/")
    if not path:
        raise InvalidParameter("dockerfile: the name of a file in the build context is expected")
    return path


def _tag(text: str) -> Reference:
    reference = parse(text)
    if reference.digest is not None:
        raise InvalidParameter("refusing to create a tag with a digest reference")
    return reference.with_default_tag()


def _remote(request: web.Request) -> str:
    remote = word(request, "remote") or ""
    if remote == "client-session":
        raise NotSupported("remote: a client's session is BuildKit's; send the context with the request")
    return remote


def _limits(request: web.Request) -> HostConfig:
    fields: dict[str, Any] = {field: bytes_of(request, name) for name, field in _NUMBERS.items()}
    fields |= {field: word(request, name) or "" for name, field in _TEXTS.items()}
    fields["ExtraHosts"] = _strings(request, "extrahosts") or None
    fields["Ulimits"] = _json(request, "ulimits") or None
    host = decode(HostConfig, fields, "build options")
    check_limits(host)
    return adapt(host)[0]


def bytes_of(request: web.Request, name: str) -> int:
    """A whole number of any size that a disk or a memory can have; 0 where there is none."""
    text = word(request, name) or "0"
    if not _WHOLE.fullmatch(text):
        raise InvalidParameter(f"invalid value {text!r} for {name}: a whole number is expected")
    return int(text)


def _json(request: web.Request, name: str) -> Any:
    text = word(request, name)
    return None if text is None else decode_json(text, name)


def _strings(request: web.Request, name: str) -> list[str]:
    """A list as JSON, or the parameter several times: clients do both."""
    given = request.query.getall(name, [])
    if (len(given) == 1 and given[0].startswith("[")) or given == ["null"]:
        given = _json(request, name) or []
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise InvalidParameter(f"{name}: a list of strings is expected")
    return [item for item in given if item]


def _mapping(request: web.Request, name: str, *, nullable: bool = False) -> dict[str, str]:
    """A JSON object of strings; with `nullable` a null stands for what is not given."""
    value = _json(request, name)
    if value is None:
        return {}
    if isinstance(value, dict) and nullable:
        value = {key: item for key, item in value.items() if item is not None}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise InvalidParameter(f"{name}: a JSON object of strings is expected")
    return value


def _registries(request: web.Request) -> dict[str, Credentials]:
    """`X-Registry-Config`: an auth configuration for each registry, by its address."""
    said = _header(request, _REGISTRIES_HEADER)
    encoded = {host: base64.b64encode(msgspec.json.encode(each)).decode() for host, each in said.items()}
    return {registry_host(host): parse_credentials(text) for host, text in encoded.items()}


def _secrets(request: web.Request) -> dict[str, bytes]:
    try:
        return {
            name: base64.b64decode(value, validate=True) for name, value in _header(request, SECRETS_HEADER).items()
        }
    except (TypeError, ValueError, binascii.Error):
        raise InvalidParameter(f"invalid {SECRETS_HEADER} header: each value is to be base64") from None


def _header(request: web.Request, name: str) -> dict[str, Any]:
    """A JSON object in base64 (either alphabet, padded or not)."""
    text = request.headers.get(name, "").strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        value = decode_json(base64.b64decode(text + "=" * (-len(text) % 4), validate=True) or b"{}", name)
    except (ValueError, binascii.Error):
        raise InvalidParameter(f"invalid {name} header: it is not base64") from None
    if not isinstance(value, dict):
        raise InvalidParameter(f"invalid {name} header: a JSON object is expected")
    return value
