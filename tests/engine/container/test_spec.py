import os
import stat
from pathlib import Path

import pytest

from engine.container import spec
from engine.container.config import ContainerConfig, DeviceMapping, HostConfig, Ulimit
from engine.container.record import MountedVolume, Record
from engine.container.user import Identity
from engine.errors import InvalidParameter
from engine.linux import cgroups

ROOT = Identity(0, 0, (0,), "/root")


def build(
    host=None, identity=ROOT, mounts=(), sandbox=Path("/run/netns/x"), *, joined=None, shared_memory=None, **config
):
    described = ContainerConfig(**{"hostname": "h", "cmd": ["true"], **config})
    record = Record(
        id="i", name="n", created=0, image_id="", image_name="", config=described,
        host_config=host or HostConfig(), mounts=mounts,
    )  # fmt: skip
    around = spec.Surroundings(
        root=Path("/root-of-it"), files=Path("/files"), identity=identity, network_namespace=sandbox,
        cgroup_path="/portside/i", joined=joined or {}, shared_memory=shared_memory,
    )  # fmt: skip
    return spec.build(record, around)


def mount(specification, destination):
    return next(row for row in specification["mounts"] if row["destination"] == destination)


def test_dockers_defaults():
    built = build()
    assert built["process"]["args"] == ["true"]
    assert built["process"]["cwd"] == "/"
    assert built["hostname"] == "h"
    assert {row["type"] for row in built["linux"]["namespaces"]} == {"mount", "network", "uts", "pid", "ipc"}
    assert "/proc/kcore" in built["linux"]["maskedPaths"]
    assert "/proc/sysrq-trigger" in built["linux"]["readonlyPaths"]
    assert built["linux"]["seccomp"]["defaultAction"] == "SCMP_ACT_ERRNO"
    assert built["linux"]["resources"]["devices"][0] == {"allow": False, "access": "rwm"}
    assert "ro" in mount(built, "/sys")["options"]
    assert "size=67108864" in mount(built, "/dev/shm")["options"]
    assert mount(built, "/etc/resolv.conf")["source"] == "/files/resolv.conf"


def test_the_environment():
    env = build(tty=True, env=["A=1", "PATH=/mine", "GONE"], identity=Identity(5, 5, (), "/h"))["process"]["env"]
    assert env == ["PATH=/mine", "HOSTNAME=h", "TERM=xterm", "HOME=/h", "A=1"]


def test_capabilities_are_never_inheritable_and_need_root_to_be_effective():
    root, user = build()["process"]["capabilities"], build(identity=Identity(7, 7))["process"]["capabilities"]
    assert set(root) == {"bounding", "effective", "permitted"}
    assert "CAP_CHOWN" in root["effective"]
    assert user["effective"] == []
    assert "CAP_CHOWN" in user["bounding"]


def test_privileged_takes_the_guards_away():
    built = build(HostConfig(privileged=True))
    linux = built["linux"]
    assert linux["maskedPaths"] == linux["readonlyPaths"] == []
    assert "seccomp" not in linux
    assert linux["resources"]["devices"] == [{"allow": True, "access": "rwm"}]
    assert any(device["path"] == "/dev/null" for device in linux["devices"])
    assert "ro" not in mount(built, "/sys")["options"]


def test_the_hosts_namespaces():
    built = build(HostConfig(pid_mode="host", ipc_mode="host", uts_mode="host"), sandbox=None)
    assert {row["type"] for row in built["linux"]["namespaces"]} == {"mount"}
    assert "hostname" not in built
    assert mount(built, "/dev/shm")["type"] == "bind"
    assert mount(built, "/sys")["type"] == "bind"
    assert built["linux"]["sysctl"] == {}


@pytest.mark.parametrize(
    ("host", "path", "value"),
    [
        (HostConfig(memory=64 << 20), ("memory", "swap"), 128 << 20),
        (HostConfig(memory=64 << 20, memory_swap=-1), ("memory", "swap"), -1),
        (HostConfig(nano_cpus=1_500_000_000), ("cpu", "quota"), 150_000),
        (HostConfig(cpu_shares=512), ("cpu", "shares"), 512),
        (HostConfig(cpuset_cpus="0"), ("cpu", "cpus"), "0"),
        (HostConfig(pids_limit=9), ("pids", "limit"), 9),
    ],
)
def test_limits(monkeypatch, host, path, value):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: True)
    found = build(host)["linux"]["resources"]
    for key in path:
        found = found[key]
    assert found == value


def test_mounts_are_made_from_the_top_down_and_take_the_systems_place():
    mounts = (
        MountedVolume(kind="bind", destination="/a/b/c", source="/x"),
        MountedVolume(kind="bind", destination="/a", source="/y", read_only=True, propagation="rslave"),
        MountedVolume(kind="bind", destination="/etc/hosts", source="/my-hosts"),
    )
    built = build(HostConfig(tmpfs={"/t": "size=1m,exec"}), mounts=mounts)
    order = [row["destination"] for row in built["mounts"]]
    assert order.index("/a") < order.index("/a/b/c")
    assert mount(built, "/a")["options"] == ["rbind", "rro", "rslave"]
    assert mount(built, "/etc/hosts")["source"] == "/my-hosts"
    assert order.count("/etc/hosts") == 1
    assert mount(built, "/t")["options"] == ["nosuid", "nodev", "size=1m", "exec"]


def test_a_users_ulimit_and_console_size():
    built = build(HostConfig(ulimits=[Ulimit("nofile", 5, -1)], console_size=[24, 80]), tty=True)
    assert built["process"]["rlimits"] == [{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 2**64 - 1}]
    assert built["process"]["consoleSize"] == {"height": 24, "width": 80}


def test_security_options():
    host = HostConfig(security_opt=["no-new-privileges", "seccomp=unconfined"], readonly_rootfs=True)
    built = build(host)
    assert built["process"]["noNewPrivileges"]
    assert built["root"]["readonly"]
    assert "seccomp" not in built["linux"]


def test_a_host_without_swap_accounting_is_asked_for_none(monkeypatch):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: False)
    assert build(HostConfig(memory=64 << 20, memory_swap=-1))["linux"]["resources"]["memory"] == {"limit": 64 << 20}


def test_devices_and_their_rules():
    host = HostConfig(
        devices=[DeviceMapping("/dev/null", "/dev/mine", "r")], device_cgroup_rules=["b 8:* rw", "a *:* m"]
    )
    linux = build(host)["linux"]
    (node,) = linux["devices"]
    assert (node["path"], node["type"], node["major"], node["minor"]) == ("/dev/mine", "c", 1, 3)
    assert linux["resources"]["devices"][-3:] == [
        {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "r"},
        {"allow": True, "type": "b", "major": 8, "minor": -1, "access": "rw"},
        {"allow": True, "type": "a", "major": -1, "minor": -1, "access": "m"},
    ]


def test_a_folder_of_devices(tmp_path):
    for name, minor in (("one", 3), ("two", 5)):
        os.mknod(tmp_path / name, stat.S_IFCHR | 0o600, os.makedev(1, minor))
    (tmp_path / "file").touch()
    linux = build(HostConfig(devices=[DeviceMapping(str(tmp_path), "/dev/all")]))["linux"]
    assert {node["path"]: node["minor"] for node in linux["devices"]} == {"/dev/all/one": 3, "/dev/all/two": 5}
    (tmp_path / "one").unlink()
    (tmp_path / "two").unlink()
    with pytest.raises(InvalidParameter, match="not a device node"):
        build(HostConfig(devices=[DeviceMapping(str(tmp_path))]))


def test_joined_namespaces_and_shared_memory():
    joined = {"network": Path("/n"), "pid": Path("/p"), "ipc": Path("/i")}
    built = build(
        HostConfig(ipc_mode="container:x"), sandbox=Path("/n"), joined=joined, shared_memory=Path("/shm-of-x")
    )
    paths = {row["type"]: row.get("path") for row in built["linux"]["namespaces"]}
    assert paths == {"mount": None, "network": "/n", "uts": None, "pid": "/p", "ipc": "/i"}
    assert mount(built, "/dev/shm")["source"] == "/shm-of-x"
    assert built["linux"]["sysctl"] == {}, "the network's settings are its owner's"


def test_an_init_goes_first():
    built = build(HostConfig(init=True))
    assert built["process"]["args"] == ["/sbin/docker-init", "--", "true"]
    assert "ro" in mount(built, "/sbin/docker-init")["options"]


@pytest.mark.parametrize(
    ("mounted", "options"),
    [
        ({"read_only": True}, ["rbind", "rro", "rprivate"]),
        ({"read_only": True, "shallow_read_only": True}, ["rbind", "ro", "rprivate"]),
        ({"options": ("bind",)}, ["bind", "rw", "rprivate"]),
    ],
)
def test_how_deep_a_bind_goes(mounted, options):
    built = build(mounts=(MountedVolume(kind="bind", destination="/a", source="/x", **mounted),))
    assert mount(built, "/a")["options"] == options
