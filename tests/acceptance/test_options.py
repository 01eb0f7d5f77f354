"""What the options of `docker run` do, seen from inside the container, and how inspect shows them."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.linux import cgroups
from engine.linux.mounts import mounted_below
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root


def inspected(docker: Docker, container: str) -> dict[str, Any]:
    (document,) = json.loads(docker("inspect", container))
    return dict(document)


def sections(text: str) -> dict[str, str]:
    """A script's output by its own headings (`echo == name`)."""
    parts = (part.partition("\n") for part in text.split("== ")[1:])
    return {head.strip(): body.strip() for head, _, body in parts}


@pytest.fixture
def layered(tmp_path: Path) -> Iterator[Path]:
    """A folder with another file system below it."""
    folder = tmp_path / "source"
    (folder / "below").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "below", folder / "below"], check=True)
    yield folder
    subprocess.run(["umount", folder / "below"], check=True)


def test_devices_init_and_tmpfs(docker: Docker, pulled_busybox: str) -> None:
    script = """
echo == init; tr '\\0' ' ' < /proc/1/cmdline
echo == reaped; (sleep 0.1 & ) ; sleep 0.4; ps -o stat,comm | grep -c ^Z
echo == mode; mount | grep ' /sbin/docker-init ' | grep -c '(ro,'
echo == write; true > /dev/mine/log && echo opened
echo == read; head -c 1 /dev/mine/log 2>&1
echo == ruled; mknod /tmp/none c 1 10; head -c 1 /tmp/none 2>&1
echo == tmpfs; grep -E ' /(one|two|three) ' /proc/mounts | sort
echo == run; cp /bin/busybox /two/sh && /two/sh -c true && echo ran
cp /bin/busybox /one/sh; /one/sh -c true || echo refused
"""
    options = [
        "--init", "--device", "/dev/kmsg:/dev/mine/log:w", "--device-cgroup-rule", "c 1:10 r",
        "--tmpfs", "/one:size=4m", "--tmpfs", "/two:exec,size=4m",
        "--mount", "type=tmpfs,dst=/three,tmpfs-size=1m,tmpfs-mode=0700",
    ]  # fmt: skip
    docker("create", "--name", "opts", *options, pulled_busybox, "sh", "-c", script)
    seen = sections(docker("start", "--attach", "opts"))

    assert seen["init"].startswith("/sbin/docker-init -- sh -c")
    assert (seen["reaped"], seen["mode"]) == ("0", "1")
    assert seen["write"] == "opened"
    assert "Operation not permitted" in seen["read"]
    assert "No such device" in seen["ruled"], "the rule lets the call through to the kernel, which has no such device"
    one, three, two = seen["tmpfs"].splitlines()
    assert "noexec" in one
    assert "noexec" not in two
    assert "size=1024k,mode=700" in three
    assert seen["run"] == "ran\nrefused"

    document = inspected(docker, "opts")
    assert (document["Path"], document["Args"][0], document["HostConfig"]["Init"]) == ("sh", "-c", True)
    assert document["HostConfig"]["Devices"] == [
        {"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/mine/log", "CgroupPermissions": "w"}
    ]
    assert document["HostConfig"]["DeviceCgroupRules"] == ["c 1:10 r"]
    assert document["HostConfig"]["Mounts"] == [
        {"Type": "tmpfs", "Target": "/three", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o700}}
    ]
    assert {"Type": "tmpfs", "Source": "", "Destination": "/three", "Mode": "", "RW": True, "Propagation": ""} in (
        document["Mounts"]
    )


def test_limits_and_control_groups(docker: Docker, pulled_busybox: str) -> None:
    if cgroups.is_v2():
        pytest.skip("these files are cgroup v1's")
    script = """
cd /sys/fs/cgroup/memory
echo == swappiness; cat memory.swappiness
echo == oom; grep oom_kill_disable memory.oom_control
echo == own; grep memory /proc/self/cgroup
echo == weight; cat /sys/fs/cgroup/blkio/blkio*.weight 2> /dev/null
echo == system; head -c 1 /proc/timer_list > /dev/null; mount | grep -c ' /proc/sys ' || true
"""
    options = [
        "--memory", "32m", "--blkio-weight", "100", "--memory-swappiness", "10", "--oom-kill-disable",
        "--cgroup-parent", "/portside-test-parent", "--userns", "host", "--security-opt", "systempaths=unconfined",
    ]  # fmt: skip
    try:
        docker("create", "--name", "own", *options, "--cgroupns", "private", pulled_busybox, "sh", "-c", script)
        seen = sections(docker("start", "--attach", "own"))
        host = docker("run", "--rm", *options, pulled_busybox, "grep", "memory", "/proc/self/cgroup")
    finally:
        docker("rm", "--force", "own")
        cgroups.remove("/portside-test-parent")

    assert (seen["swappiness"], seen["oom"]) == ("10", "oom_kill_disable 1")
    assert seen["weight"] in {"100", ""}, "there may be no scheduler with weights"
    assert seen["own"].endswith(":/")
    assert seen["system"] == "0"
    assert ":/portside-test-parent/" in host


def test_what_the_kernel_lacks_is_warned_of(docker: Docker, pulled_busybox: str) -> None:
    done = docker.run("run", "--rm", "--oom-kill-disable", pulled_busybox, "true", check=True)
    assert "OOM killer is disabled for the container, but no memory limit is set" in done.stderr or cgroups.is_v2()


def test_read_only_binds_reach_what_is_mounted_below(docker: Docker, pulled_busybox: str, layered: Path) -> None:
    mount = f"type=bind,src={layered},dst="
    script = """
for name in deep shallow promised; do
  for path in /$name /$name/below; do touch $path/new-$name 2>/dev/null && echo $path writable; done
done
touch /alone/below/x; mount | grep -c /alone
"""
    said = docker(
        "run", "--rm", "-v", f"{layered}:/deep:ro",
        "--mount", f"{mount}/shallow,ro,bind-recursive=writable",
        "--mount", f"{mount}/promised,ro,bind-recursive=readonly,bind-propagation=rprivate",
        "--mount", f"{mount}/alone,bind-recursive=disabled",
        pulled_busybox, "sh", "-c", script,
    )  # fmt: skip
    assert said.splitlines() == ["/shallow/below writable", "1"]
    assert [path.name for path in (layered / "below").iterdir()] == ["new-shallow"]


def test_a_part_of_a_volume_and_what_another_container_has(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    make = "mkdir -p /v/a/b; echo hi > /v/a/file; ln -s /etc /v/out; ln -s a /v/in; ln -s ../.. /v/up"
    lent = ["-v", "portside-test:/v", "-v", f"{tmp_path}:/host:ro"]
    try:
        docker("run", "--name", "donor", *lent, pulled_busybox, "sh", "-c", make)
        part = "type=volume,src=portside-test,volume-subpath="
        mounts = [f"{part}a,dst=/a", f"{part}in,dst=/in,ro", f"{part}a/file,dst=/file"]
        words = [word for mount in mounts for word in ("--mount", mount)]
        script = "touch /a/new; ls /in /file; cat /file; touch /in/x 2>/dev/null || echo kept; ls /"
        said = docker("run", "--rm", *words, pulled_busybox, "sh", "-c", script).split()
        assert said[:6] == ["/file", "/in:", "b", "file", "new", "hi"]
        assert said[6] == "kept"
        for subpath, reason in (
            ("out", "leads out"),
            ("up", "leads out"),
            ("no", "No such file"),
            ("../x", "relative"),
        ):
            refused = docker.run("run", "--rm", "--mount", f"{part}{subpath},dst=/a", pulled_busybox, "ls", "/a")
            assert (refused.returncode, reason in refused.stderr) == (125, True), refused.stderr

        docker("create", "--name", "heir", "--volumes-from", "donor:ro", pulled_busybox, "sh", "-c",
               "cat /v/a/file; touch /v/x /host/x 2>/dev/null || echo kept")  # fmt: skip
        assert docker("start", "--attach", "heir").split() == ["hi", "kept"]
        document = inspected(docker, "heir")
        assert document["HostConfig"]["VolumesFrom"] == ["donor:ro"]
        rows = {row["Destination"]: (row["Type"], row["RW"]) for row in document["Mounts"]}
        assert rows == {"/v": ("volume", False), "/host": ("bind", False)}
    finally:
        docker("rm", "--force", "--volumes", "donor", "heir")
        docker("volume", "rm", "--force", "portside-test")


def test_joining_another_container(docker: Docker, pulled_busybox: str) -> None:
    donor = docker("run", "-d", "--name", "donor", "--ipc", "shareable", pulled_busybox, "sleep", "600")
    docker("run", "-d", "--name", "private", pulled_busybox, "sleep", "600")
    modes = [word for kind in ("network", "pid", "ipc") for word in (f"--{kind}", "container:donor")]
    script = """
echo == first; tr '\\0' ' ' < /proc/1/cmdline
echo == name; hostname
echo == hosts; cat /etc/hosts
echo == address; ip -4 -o addr show eth0
echo == memory; echo shared > /dev/shm/word
"""
    docker("create", "--name", "guest", *modes, pulled_busybox, "sh", "-c", script)
    seen = sections(docker("start", "--attach", "guest"))
    address = docker("exec", "donor", "hostname", "-i")

    assert seen["first"] == "sleep 600"
    assert seen["name"] == donor[:12]
    assert f"{address}\t{donor[:12]}" in seen["hosts"]
    assert f"inet {address}/" in seen["address"]
    assert docker("exec", "donor", "cat", "/dev/shm/word") == "shared"
    document = inspected(docker, "guest")
    host = document["HostConfig"]
    assert {host[mode] for mode in ("NetworkMode", "PidMode", "IpcMode")} == {f"container:{donor}"}
    assert document["NetworkSettings"]["Networks"] == {}

    docker("stop", "--time", "0", "donor")
    for options, words in (
        (["--network", "container:donor"], f"cannot join network of a non running container: {donor}"),
        (["--pid", "container:donor"], f"container {donor} is not running"),
        (["--ipc", "container:private"], "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"),
        (["--network", "container:gone"], "No such container: gone"),
        (["--link", "donor:x"], "Cannot link to a non running container: /donor AS"),
    ):
        refused = docker.run("run", "--rm", *options, pulled_busybox, "true")
        assert (refused.returncode, words in refused.stderr) == (125, True), refused.stderr


def test_links(docker: Docker, pulled_busybox: str) -> None:
    donor = docker("run", "-d", "--name", "donor", "--expose", "80", "-e", "WORD=x", pulled_busybox, "sleep", "600")
    address = docker("exec", "donor", "hostname", "-i")
    docker("create", "--name", "linked", "--link", "donor:my-db", pulled_busybox, "sh", "-c", "env; cat /etc/hosts")
    said = docker("start", "--attach", "linked").splitlines()
    assert {
        "MY_DB_NAME=/linked/my-db", "MY_DB_ENV_WORD=x", f"MY_DB_PORT=tcp://{address}:80",
        f"MY_DB_PORT_80_TCP=tcp://{address}:80", f"MY_DB_PORT_80_TCP_ADDR={address}", "MY_DB_PORT_80_TCP_PORT=80",
        "MY_DB_PORT_80_TCP_PROTO=tcp", f"{address}\tmy-db", f"{address}\t{donor[:12]}", f"{address}\tdonor",
    } <= set(said)  # fmt: skip
    assert inspected(docker, "linked")["HostConfig"]["Links"] == ["/donor:/linked/my-db"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--gpus", "all"], "HostConfig.DeviceRequests is not supported"),
        (["--storage-opt", "size=1G"], "HostConfig.StorageOpt is not supported"),
        (["--cpu-rt-runtime", "1000"], "HostConfig.CpuRealtimeRuntime is not supported"),
        (["--isolation", "hyperv"], "linux only supports 'default'"),
        (["--device", "/dev/nope"], 'adding custom device "/dev/nope": no such file or directory'),
        (["--tmpfs", "/t:foo=1"], 'invalid tmpfs option ["foo" "1"]'),
        (["--volumes-from", "gone"], "No such container: gone"),
        (["--security-opt", "label=type:x"], "SELinux"),
        (["--runtime", "nope"], "runtime"),
        (["--mount", "type=volume,src=v,dst=/x,volume-driver=nfs"], 'plugin "nfs" not found'),
    ],
)
def test_what_can_not_be_is_refused_by_name(
    docker: Docker, pulled_busybox: str, options: list[str], words: str
) -> None:
    refused = docker.run("run", "--rm", *options, pulled_busybox, "true")
    # 127 is the client's own guess where a message has "no such file" in it.
    assert (refused.returncode in {125, 127}, words in refused.stderr) == (True, True), refused.stderr


def test_what_is_mounted_on_the_host_for_a_container_goes_with_it(
    docker: Docker, engine: EngineProcess, pulled_busybox: str
) -> None:
    """Shared memory and parts of volumes outlive the engine for as long as their container does."""
    folder = engine.config.run / "mounts"
    docker("run", "--rm", "-v", "portside-test:/v", pulled_busybox, "mkdir", "/v/part")
    part = "type=volume,src=portside-test,volume-subpath=part,dst=/part"
    try:
        for name in ("lives", "dies"):
            docker("run", "-d", "--name", name, "--ipc", "shareable", "--mount", part, pulled_busybox, "sleep", "600")
        pid = int(docker("inspect", "--format", "{{.State.Pid}}", "dies"))
        engine.kill9()
        os.kill(pid, signal.SIGKILL)
        engine.restart()

        until("the dead one's mounts are gone", lambda: len(mounted_below(folder)) == 2)
        docker("run", "--rm", "--ipc", "container:lives", pulled_busybox, "touch", "/dev/shm/word")
        assert docker("exec", "lives", "ls", "/dev/shm") == "word"
        docker("rm", "--force", "lives")
        assert not mounted_below(folder)
        assert list(folder.iterdir()) == []
    finally:
        docker("rm", "--force", "lives", "dies")
        docker("volume", "rm", "--force", "portside-test")
