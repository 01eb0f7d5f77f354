"""A container's configuration, taken from what an engine shows of it, for another container in its place. Pure.

What the old one only had from its image is left out, so that the new one has it from the new image. What an engine
made up for the old one (its host name, its addresses) is left out too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Fields of a container's configuration that its image may have given.
_FROM_IMAGE: Final = ("Cmd", "Entrypoint", "User", "WorkingDir", "Healthcheck", "StopSignal", "Shell", "OnBuild")
#: Fields that are maps, of which the image may have given some entries.
_MAPS_FROM_IMAGE: Final = ("Labels", "ExposedPorts", "Volumes")
#: What is asked for of an endpoint; the rest is what the engine made of it.
_OF_ENDPOINTS: Final = ("IPAMConfig", "Links", "Aliases", "DriverOpts")
#: Ways to be in no network of one's own.
_NO_NETWORKS: Final = ("host", "none", "container:")


@dataclass(frozen=True)
class Recreation:
    """`body` is that of `POST /containers/create`; `networks` are to be joined after it, with their settings."""

    body: dict[str, Any]
    networks: dict[str, dict[str, Any]]


def recreation(shown: Mapping[str, Any], image: Mapping[str, Any]) -> Recreation:
    """`shown` is the old container, `image` the configuration of the image that it was made from; empty if unknown."""
    config = _config(shown, image)
    host = dict(shown["HostConfig"])
    host["Binds"] = [*(host.get("Binds") or ()), *_anonymous(shown)]
    endpoints = _endpoints(shown)
    first = next(iter(endpoints), "")
    body = {**config, "HostConfig": host}
    if first:
        body["NetworkingConfig"] = {"EndpointsConfig": {first: endpoints.pop(first)}}
    return Recreation(body, endpoints)


def _config(shown: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    config = {name: value for name, value in shown["Config"].items() if value is not None}
    for name in _FROM_IMAGE:
        if name in config and config[name] == image.get(name):
            del config[name]
    for name in _MAPS_FROM_IMAGE:
        given = image.get(name) or {}
        config[name] = {key: value for key, value in (config.get(name) or {}).items() if given.get(key, ...) != value}
    given_variables = set(image.get("Env") or ())
    config["Env"] = [variable for variable in config.get("Env") or () if variable not in given_variables]
    if config.get("Hostname") == shown["Id"][:12]:
        del config["Hostname"]
    return config


def _anonymous(shown: Mapping[str, Any]) -> list[str]:
    """The volumes that no bind names: made for a `VOLUME` of the image, with what is in them."""
    host = shown["HostConfig"]
    named = {bind.split(":")[1] for bind in host.get("Binds") or () if ":" in bind}
    named |= {mount["Target"] for mount in host.get("Mounts") or ()}
    volumes = (mount for mount in shown.get("Mounts") or () if mount["Type"] == "volume")
    return [
        f"{mount['Name']}:{mount['Destination']}{'' if mount.get('RW', True) else ':ro'}"
        for mount in volumes
        if mount["Destination"] not in named
    ]


def _endpoints(shown: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By network, that of its network mode first: with it the container is made."""
    mode = str(shown["HostConfig"].get("NetworkMode") or "default")
    if mode.startswith(_NO_NETWORKS):
        return {}
    found = shown["NetworkSettings"].get("Networks") or {}
    primary = "bridge" if mode == "default" else mode
    order = sorted(found, key=lambda name: (name != primary and found[name].get("NetworkID") != primary, name))
    return {name: _endpoint(found[name], shown["Id"]) for name in order}


def _endpoint(settings: Mapping[str, Any], container: str) -> dict[str, Any]:
    kept = {name: settings[name] for name in _OF_ENDPOINTS if settings.get(name)}
    if aliases := [alias for alias in kept.pop("Aliases", ()) if alias != container[:12]]:
        kept["Aliases"] = aliases
    return kept
