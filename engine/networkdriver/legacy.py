"""Legacy iptables (ip_tables, not nf_tables): its FORWARD policy drops our packets too, and nftables does not show it.

The kernel tells by a file whether its filter table is in use at all; only then is the program asked.
"""

import asyncio
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

#: For each family the kernel's file, and the program.
_FAMILIES: Final = {4: ("ip_tables_names", "iptables-legacy"), 6: ("ip6_tables_names", "ip6tables-legacy")}
_NET: Final = Path("/proc/thread-self/net")
_DIRECTIONS: Final = ("-i", "-o")


class LegacyFirewall:
    """Keeps our bridges accepted in the legacy FORWARD chain while its policy drops. `owner` signs the rules."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    async def ensure(self, interfaces: Collection[str], *, ipv6: Collection[str] = ()) -> None:
        """`ipv6` are those of the interfaces that carry IPv6."""
        for version, names in ((4, interfaces), (6, ipv6)):
            if names and _is_in_use(version):
                await self._ensure(_FAMILIES[version][1], names)

    async def remove(self, interfaces: Collection[str]) -> None:
        """Delete what `ensure` inserted; what is not there is no error."""
        for version, (_, name) in _FAMILIES.items():
            if _is_in_use(version) and (program := shutil.which(name)) is not None:
                for rule in self._rules(interfaces):
                    await _run(program, "-D", "FORWARD", *rule)

    async def _ensure(self, name: str, interfaces: Collection[str]) -> None:
        if (program := shutil.which(name)) is None:
            log.warning("legacy iptables is in use and may drop containers' packets", missing=name)
            return
        _, listing = await _run(program, "-S", "FORWARD")
        if "-P FORWARD DROP" in listing.splitlines():
            for rule in self._rules(interfaces):
                await self._insert(program, rule)

    async def _insert(self, program: str, rule: tuple[str, ...]) -> None:
        is_there, _ = await _run(program, "-C", "FORWARD", *rule)
        if is_there:
            return
        is_done, output = await _run(program, "-I", "FORWARD", *rule)
        if is_done:
            log.info("accepted in legacy iptables", rule=rule)
        else:
            log.warning("legacy iptables drops containers' packets and refused a rule", rule=rule, reason=output)

    def _rules(self, interfaces: Collection[str]) -> list[tuple[str, ...]]:
        comment = ("-m", "comment", "--comment", self._owner, "-j", "ACCEPT")
        return [(way, name, *comment) for name in interfaces for way in _DIRECTIONS]


def _is_in_use(version: int) -> bool:
    try:
        return "filter" in (_NET / _FAMILIES[version][0]).read_text().split()
    except OSError:
        return False  # the kernel has no ip_tables


async def _run(program: str, *arguments: str) -> tuple[bool, str]:
    """Whether it succeeded, and what it said; `-w` waits for the lock that the program's other users hold."""
    process = await asyncio.create_subprocess_exec(
        program, "-w", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode == 0, output.decode(errors="replace")
