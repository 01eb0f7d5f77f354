from pathlib import Path

import pytest

from engine.container import spec
from engine.container.config import ContainerConfig, HostConfig, Ulimit
from engine.container.record import MountedVolume, Record
from engine.container.user import Identity

ROOT = Identity(0, 0, (0,), "/root")


def build(host=None, identity=ROOT, mounts=(), sandbox=Path("/run/netns/x"), **config):
    described = ContainerConfig(**{"hostname": "h", "cmd": ["true"], **config})
    record = Record(
        id="i", name="n", created=0, image_id="", image_name="", config=described,
        host_config=host or HostConfig(), mounts=mounts,
    )  # fmt: skip
    around = spec.Surroundings(
        root=Path("/root-of-it"), files=Path("/files"), identity=identity, network_namespace=sandbox,
        cgroup_path="/portside/i",
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
def test_limits(host, path, value):
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
