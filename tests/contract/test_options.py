"""Options of a container: how inspect shows them, and the words in which they are refused."""

import json

import pytest

from tests.contract.conftest import Daemon

pytestmark = pytest.mark.root

OPTIONS = [
    "--init", "--device", "/dev/null:/dev/mine:r", "--device-cgroup-rule", "c 1:3 r", "--cgroup-parent", "/test",
    "--tmpfs", "/t:size=1m", "--mount", "type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=0700", "--ipc", "shareable",
    "--mount", "type=volume,src=shown,dst=/v,ro", "--security-opt", "systempaths=unconfined", "--userns", "host",
    "--cgroupns", "private", "--oom-kill-disable", "--memory", "20m", "--memory-swappiness", "5", "--uts", "host",
]  # fmt: skip
SHOWN = {
    "Init": True, "CgroupParent": "/test", "Tmpfs": {"/t": "size=1m"}, "IpcMode": "shareable", "UsernsMode": "host",
    "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/mine", "CgroupPermissions": "r"}],
    "DeviceCgroupRules": ["c 1:3 r"], "MaskedPaths": [], "ReadonlyPaths": [], "CgroupnsMode": "private",
    "OomKillDisable": True, "Memory": 20 << 20, "MemorySwap": 40 << 20, "MemorySwappiness": 5, "UTSMode": "host",
    "BlkioWeight": 0, "BlkioWeightDevice": [], "BlkioDeviceReadBps": [], "BlkioDeviceWriteIOps": [],
    "VolumesFrom": None, "Links": None, "PidMode": "", "Cgroup": "", "DeviceRequests": None, "PidsLimit": None,
    "CpuRealtimeRuntime": 0, "CpuCount": 0, "IOMaximumIOps": 0,
}  # fmt: skip


def test_inspect_shows_what_was_asked(daemon: Daemon) -> None:
    container = daemon.docker("create", *OPTIONS, daemon.image, "true")
    (document,) = json.loads(daemon.docker("inspect", container))

    host = document["HostConfig"]
    assert {name: host.get(name, "absent") for name in SHOWN} == SHOWN
    tmpfs, volume = sorted(host["Mounts"], key=lambda mount: str(mount["Type"]))
    assert tmpfs == {"Type": "tmpfs", "Target": "/x", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o700}}
    assert (volume["Source"], volume["Target"], volume["ReadOnly"]) == ("shown", "/v", True)
    rows = {row.pop("Destination"): row for row in document["Mounts"]}
    assert rows["/x"] == {"Type": "tmpfs", "Source": "", "Mode": "", "RW": True, "Propagation": ""}
    assert rows["/v"].pop("Source").endswith("/volumes/shown/_data")
    assert rows["/v"] == {
        "Type": "volume", "Name": "shown", "Driver": "local", "Mode": "z", "RW": False, "Propagation": "",
    }  # fmt: skip


def test_neighbours_are_shown_by_their_ids(daemon: Daemon) -> None:
    donor = daemon.docker("run", "-d", "--name", "donor", "--ipc", "shareable", daemon.image, "sleep", "600")
    modes = [word for kind in ("network", "pid", "ipc") for word in (f"--{kind}", "container:donor")]
    guest = daemon.docker("run", "-d", *modes, daemon.image, "sleep", "600")
    (document,) = json.loads(daemon.docker("inspect", guest))

    host = document["HostConfig"]
    assert [host[mode] for mode in ("NetworkMode", "PidMode", "IpcMode")] == [f"container:{donor}"] * 3
    assert document["NetworkSettings"]["Networks"] == {}
    assert document["Config"]["Hostname"] == donor[:12]
    assert f"/{donor}/hosts" in document["HostsPath"]
    daemon.docker("exec", donor, "sh", "-c", "echo word > /dev/shm/word")
    assert daemon.docker("exec", guest, "cat", "/dev/shm/word") == "word"


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"NetworkMode": "container:gone"}, "No such container: gone"),
        ({"NetworkMode": "container:stopped"}, "cannot join network of a non running container"),
        ({"PidMode": "container:stopped"}, "is not running"),
        ({"IpcMode": "container:stopped"}, "can't join IPC of container"),
        ({"IpcMode": "other"}, "Invalid IPC mode: other"),
        ({"VolumesFrom": ["gone"]}, "No such container: gone"),
        ({"VolumesFrom": ["stopped:odd"]}, "invalid mode: odd"),
        ({"Links": ["gone:x"]}, "could not get container for gone"),
        ({"NetworkMode": "host", "Links": ["stopped:x"]}, "host type networking can't be used with links"),
        ({"NetworkMode": "container:stopped", "Dns": ["1.1.1.1"]}, "dns and the network mode"),
        (
            {"NetworkMode": "container:stopped", "ExtraHosts": ["a:1.1.1.1"]},
            "custom host-to-IP mapping and the network",
        ),
        ({"Devices": [{"PathOnHost": "/dev/nope"}]}, 'custom device "/dev/nope": no such file or directory'),
        ({"DeviceCgroupRules": ["c 1"]}, "invalid device cgroup rule format: 'c 1'"),
        ({"Isolation": "hyperv"}, "linux only supports 'default'"),
        ({"Tmpfs": {"/t": "foo=1"}}, 'invalid tmpfs option ["foo" "1"]'),
        ({"SecurityOpt": ["foo=bar"]}, 'invalid --security-opt 2: "foo=bar"'),
        ({"Memory": 10 << 20, "MemoryReservation": 20 << 20}, "can not be less than memory reservation limit"),
        ({"MemorySwappiness": 101}, "valid memory swappiness range is 0-100"),
        ({"StorageOpt": {"size": "1G"}}, "--storage-opt"),
    ],
)
def test_refusals_name_the_cause(daemon: Daemon, host: dict[str, object], words: str) -> None:
    """Some daemons tell at the creation, some at the start."""
    daemon.docker("create", "--name", "stopped", daemon.image, "true")
    answer = daemon.request("POST", "/containers/create", {"Image": daemon.image, "Cmd": ["true"], "HostConfig": host})
    if answer.status == 201:
        answer = daemon.request("POST", f"/containers/{answer.json['Id']}/start")
    assert answer.status >= 400
    assert words in answer.message
