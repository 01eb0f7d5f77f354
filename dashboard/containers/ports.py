"""Ports of a container and where they are published."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

#: A port published on one of these answers at any address of its host.
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # compared with, never bound


@dataclass(frozen=True, order=True)
class Port:
    """One port. `public` is 0 where it is only exposed; `address` is empty where every address of the host answers."""

    private: int
    protocol: str
    public: int = 0
    address: str = ""

    @classmethod
    def from_summary(cls, entry: Mapping[str, Any]) -> Self:
        """An entry of `Ports` in the list of containers."""
        return cls(
            private=int(entry["PrivatePort"]),
            protocol=str(entry.get("Type", "tcp")),
            public=int(entry.get("PublicPort") or 0),
            address=_plain(str(entry.get("IP", ""))),
        )

    @classmethod
    def from_key(cls, key: str, *, public: str = "", address: str = "") -> Self:
        """A key of `NetworkSettings.Ports` (`80/tcp`) with one of its bindings."""
        number, _, protocol = key.partition("/")
        return cls(int(number), protocol or "tcp", int(public or 0), _plain(address))

    @property
    def is_link(self) -> bool:
        """Can a browser follow it?"""
        return bool(self.public) and self.protocol == "tcp"

    @property
    def text(self) -> str:
        """As `docker ps` writes it."""
        inside = f"{self.private}/{self.protocol}"
        if not self.public:
            return inside
        outside = f"{self.address}:{self.public}" if self.address else str(self.public)
        return f"{outside} → {inside}"


def from_summary(entries: Iterable[Mapping[str, Any]]) -> tuple[Port, ...]:
    """The ports of a container in the list, each once (Docker names an IPv4 and an IPv6 binding of the same)."""
    return tuple(sorted({Port.from_summary(entry) for entry in entries}))


def from_inspect(ports: Mapping[str, list[Mapping[str, str]] | None]) -> tuple[Port, ...]:
    """`NetworkSettings.Ports`: bindings by port, None where a port is exposed and not published."""
    found = set()
    for key, bindings in ports.items():
        for binding in bindings or ({},):
            found.add(Port.from_key(key, public=binding.get("HostPort", ""), address=binding.get("HostIp", "")))
    return tuple(sorted(found))


def _plain(address: str) -> str:
    return "" if address in _EVERYWHERE else address
