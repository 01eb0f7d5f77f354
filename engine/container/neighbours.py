"""What a container has of another one: a namespace that it joins (`container:ID` modes), a name that it links to.

Who is meant is settled when the container is made; that the other one runs matters when it is started. A namespace is
joined through a descriptor that is held until the process is made, so that no later process with the same number can
be meant.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.container import links
from engine.container.checks.modes import JOIN
from engine.container.checks.networks import is_user_defined
from engine.container.container import Container
from engine.container.files import Files
from engine.container.hostmounts import HostMounts
from engine.container.links import Linked
from engine.container.record import Link, MountedVolume, Record
from engine.errors import Conflict, InvalidParameter, NotFound, NotSupported
from engine.linux import processes
from engine.network.service import Networks


@dataclass(frozen=True)
class Joined:
    """The namespaces that are another container's, by OCI's names, as paths that hold while they are needed.

    `files` is the folder of hosts, resolv.conf and hostname that belong to a joined network.
    """

    namespaces: Mapping[str, Path] = field(default_factory=dict)
    shared_memory: Path | None = None
    files: Path | None = None


class Neighbours:
    """`find` is by name, ID or prefix, and raises NotFound."""

    def __init__(self, find: Callable[[str], Container], networks: Networks, mounts: HostMounts, files: Files) -> None:
        self._find = find
        self._networks = networks
        self._mounts = mounts
        self._files = files

    def mounts(self, ref: str) -> Sequence[MountedVolume]:
        """What `--volumes-from` has to lend. Raises InvalidParameter."""
        return self._named(ref).record.mounts

    def settle(self, record: Record) -> None:
        """Write down whom a new container means, by ID: names may change hands. Raises InvalidParameter."""
        host = record.host_config
        modes = {name: self._settled(getattr(host, name)) for name in ("network_mode", "ipc_mode", "pid_mode")}
        record.host_config = msgspec.structs.replace(host, **modes)
        record.network = modes["network_mode"]
        if record.network.startswith(JOIN):
            theirs = self._named(record.network.removeprefix(JOIN)).record.config
            names = {"hostname": theirs.hostname, "domainname": theirs.domainname}
            record.config = msgspec.structs.replace(record.config, **names)
        if is_user_defined(record.network):
            return  # there links are names on the network: `engine.container.connections`
        record.links = tuple([self._link(text) for text in host.links or ()])
        if record.links and record.network != "bridge":
            raise NotSupported(f"HostConfig.Links on network {record.network!r}: links are the default bridge's")

    @contextlib.contextmanager
    def joined(self, record: Record) -> Iterator[Joined]:
        """Open what the container joins, while its process is made. Raises NotFound, Conflict in Docker's words."""
        host = record.host_config
        with ExitStack() as stack:
            namespaces: dict[str, Path] = {}
            memory = files = None
            if record.network.startswith(JOIN):
                network = self._networked(record.network)
                namespaces["network"] = stack.enter_context(_namespace(network, "net"))
                files = self._folder_of(network.record)
            if host.pid_mode.startswith(JOIN):
                namespaces["pid"] = stack.enter_context(_namespace(self._running(host.pid_mode), "pid"))
            if host.ipc_mode.startswith(JOIN):
                donor = self._sharing(host.ipc_mode)
                namespaces["ipc"] = stack.enter_context(_namespace(donor, "ipc"))
                memory = self._mounts.shared_memory(donor.id)
            yield Joined(namespaces, memory, files)

    def files(self, record: Record) -> Path:
        """The folder of the container's hosts, resolv.conf and hostname, which may be a neighbour's."""
        try:
            return self._folder_of(record)
        except NotFound:
            return self._files.folder(record.id)

    def linked(self, record: Record) -> list[Linked]:
        """The containers that are linked to, all running. Raises NotFound, Conflict."""
        return [self._linked(record, link) for link in record.links]

    def links_json(self, record: Record) -> list[str] | None:
        """Docker's HostConfig.Links."""
        names = {}
        for link in record.links:
            with contextlib.suppress(NotFound):
                names[link.container_id] = self._find(link.container_id).name
        return links.described(record.links, record.name, names)

    def _named(self, ref: str) -> Container:
        """A missing neighbour is no NotFound: clients take that for a missing image, and pull."""
        try:
            return self._find(ref)
        except NotFound as error:
            raise InvalidParameter(error.message) from error

    def _settled(self, mode: str) -> str:
        return JOIN + self._named(mode.removeprefix(JOIN)).id if mode.startswith(JOIN) else mode

    def _link(self, text: str) -> Link:
        ref, alias = links.parse(text)
        try:
            donor = self._named(ref)
        except InvalidParameter as error:
            raise InvalidParameter(f"could not get container for {ref}: {error.message}") from error
        if donor.record.network == "host":
            raise InvalidParameter("conflicting options: host type networking can't be used with links")
        return Link(donor.id, alias)

    def _linked(self, record: Record, link: Link) -> Linked:
        donor = self._find(link.container_id)
        if not donor.status.has_process:
            raise Conflict(f"Cannot link to a non running container: /{donor.name} AS /{record.name}/{link.alias}")
        endpoint = self._networks.endpoint(donor.id)
        if endpoint is None or endpoint.address is None or endpoint.network_name != "bridge":
            raise Conflict(f"Cannot link to /{donor.name}, as it does not belong to the default network")
        return Linked(donor.record, link.alias, str(endpoint.address.ip))

    def _networked(self, mode: str) -> Container:
        donor = self._find(mode.removeprefix(JOIN))
        if not donor.status.has_process:
            raise Conflict(f"cannot join network of a non running container: {donor.id}")
        return donor

    def _folder_of(self, record: Record) -> Path:
        """That of the container which the network was made for: a neighbour's neighbour, perhaps."""
        if record.network.startswith(JOIN):
            return self._folder_of(self._find(record.network.removeprefix(JOIN)).record)
        return self._files.folder(record.id)

    def _running(self, mode: str) -> Container:
        donor = self._find(mode.removeprefix(JOIN))
        if not donor.status.has_process:
            raise Conflict(f"container {donor.id} is not running")
        return donor

    def _sharing(self, mode: str) -> Container:
        donor = self._find(mode.removeprefix(JOIN))
        problem = f"can't join IPC of container {donor.id}: "
        if not donor.status.has_process:
            raise Conflict(f"{problem}container {donor.id} is not running")
        if donor.record.host_config.ipc_mode != "shareable":
            raise Conflict(f"{problem}non-shareable IPC (hint: use IpcMode:shareable for the donor container)")
        return donor


@contextlib.contextmanager
def _namespace(donor: Container, kind: str) -> Iterator[Path]:
    running = donor.record.state.running
    gone = Conflict(f"container {donor.id} is not running")
    try:
        descriptor = os.open(f"/proc/{running.pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise gone from error
    try:
        if processes.birth_of(running.pid) != running.birth:  # asked after opening: what is held can't change any more
            raise gone
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)
