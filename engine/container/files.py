"""Where a container's own files are: the lasting ones below the state directory, the bundle below the run directory."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.config import Config
from engine.container.record import Record
from engine.network.endpoint import Endpoint
from engine.network.files import hosts_file, name_servers, resolv_file, resolver_file

_HOST_RESOLV: Final = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


class Files:
    """Paths and contents; nothing here is needed to tell whether a container lives."""

    def __init__(self, config: Config) -> None:
        self._home = config.home / "containers"
        self.log_archive = config.home / "logs"
        self._run = config.run / "containers"

    def folder(self, container_id: str) -> Path:
        """hostname, hosts, resolv.conf and the log: kept until the container is removed."""
        return self._home / container_id

    def log(self, container_id: str) -> Path:
        return self.folder(container_id) / "output.log"

    def bundle(self, container_id: str) -> Path:
        """config.json and what the monitor needs: one run of the container."""
        return self._run / container_id

    def exec_folder(self, container_id: str, exec_id: str) -> Path:
        return self.bundle(container_id) / "exec" / exec_id

    def make_folder(self, container_id: str) -> None:
        self.folder(container_id).mkdir(parents=True, exist_ok=True, mode=0o700)

    def make_bundle(self, container_id: str) -> Path:
        """An empty bundle; what a former run left in it is gone."""
        bundle = self.bundle(container_id)
        shutil.rmtree(bundle, ignore_errors=True)
        bundle.mkdir(parents=True, mode=0o700)
        return bundle

    def remove(self, container_id: str) -> None:
        shutil.rmtree(self.bundle(container_id), ignore_errors=True)
        shutil.rmtree(self.folder(container_id), ignore_errors=True)

    def write(
        self,
        record: Record,
        endpoints: Sequence[Endpoint],
        *,
        has_names: bool = False,
        shares_host: bool = False,
        links: Sequence[str] = (),
    ) -> None:
        """hostname, hosts and resolv.conf, anew for each start: addresses may be others.

        With `has_names` the engine's name server is the container's. `links` are entries for hosts of what the
        container is linked to.
        """
        folder, host, config = self.folder(record.id), record.host_config, record.config
        addresses = [str(address.ip) for endpoint in endpoints for address in endpoint.addresses]
        gateway = next((str(endpoint.gateway) for endpoint in endpoints if endpoint.gateway), "")
        contents = {
            "hostname": f"{config.hostname}\n".encode(),
            "hosts": hosts_file(
                config.hostname,
                config.domainname,
                addresses,
                (*(host.extra_hosts or ()), *links),
                gateway=gateway,
            ),
            "resolv.conf": _resolv(record, has_names=has_names, shares_host=shares_host),
        }
        for name, content in contents.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o644)

    def rewrite(self, record: Record, *, has_names: bool, added: Sequence[str] = (), gone: Sequence[str] = ()) -> None:
        """The same for a running container whose networks changed: in place, as it has the files mounted, and with
        what it wrote into hosts itself."""
        folder = self.folder(record.id)
        hosts = folder / "hosts"
        kept = [line for line in hosts.read_text().splitlines() if line.partition("\t")[0] not in {*gone, *added}]
        own = hosts_file(record.config.hostname, record.config.domainname, added).decode().splitlines()
        hosts.write_text("\n".join([*kept, *own[len(own) - len(added) :]]) + "\n")
        (folder / "resolv.conf").write_bytes(_resolv(record, has_names=has_names, shares_host=False))

    def name_servers(self, record: Record) -> list[str]:
        """Who is asked for names that are no containers': the servers of `--dns`, or the host's."""
        return name_servers(_host_resolv(), record.host_config.dns or ())

    def write_spec(self, bundle: Path, specification: Mapping[str, Any]) -> None:
        (bundle / "config.json").write_text(json.dumps(specification))

    def sweep(self, known: set[str], running: set[str]) -> None:
        """Remove the files of containers that are no more, and the bundles of those that do not run."""
        for parent, keep in ((self._home, known), (self._run, running)):
            for folder in parent.iterdir() if parent.is_dir() else ():
                if folder.name not in keep:
                    shutil.rmtree(folder, ignore_errors=True)


def _resolv(record: Record, *, has_names: bool, shares_host: bool) -> bytes:
    host = record.host_config
    search, options = host.dns_search or (), host.dns_options or ()
    if has_names:
        return resolver_file(_host_resolv(), search, options)
    return resolv_file(_host_resolv(), host.dns or (), search, options, shares_host=shares_host)


def _host_resolv() -> str:
    """The host's resolver settings; systemd-resolved's stub is passed over for the servers behind it, as in Docker."""
    for path in _HOST_RESOLV:
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        if "nameserver 127.0.0.53" not in text:
            return text
    return ""
