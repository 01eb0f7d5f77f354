"""What a container can't do, tried from inside one; and images made to break out."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import oci
from tests.support.docker_cli import Docker
from tests.support.registry import Registry

pytestmark = pytest.mark.root

#: Each line is tried by itself; one that succeeds has broken out.
ATTEMPTS = """\
mount -t tmpfs none /mnt
mount -o remount,rw /proc/sys
mount -o remount,rw /sys
umount /proc/sys
unshare -U true
unshare -m true
echo core > /proc/sys/kernel/core_pattern
echo 1 > /proc/sys/kernel/sysrq
echo 0 > /proc/irq/default_smp_affinity
echo b > /proc/sysrq-trigger
head -c 1 /proc/kcore
head -c 1 /proc/kmsg
dmesg
grep . /proc/keys
grep . /proc/timer_list
ls /sys/firmware | grep .
echo 1 > /sys/kernel/mm/ksm/run
echo /x > /sys/fs/cgroup/memory/release_agent
echo 1 > /sys/fs/cgroup/memory/notify_on_release
mkdir /sys/fs/cgroup/memory/mine
mknod /tmp/disk b $DISK && head -c 1 /tmp/disk
mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem
mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg
insmod /bin/busybox
rmmod ext4
reboot -f
hostname other
adjtimex -t 10001
nice -n -5 true
chroot /proc/1/root/../../.. test -e $MARK
swapoff -a
ip link set lo down
iptables -L
kill -0 $ENGINE
test -e /proc/$ENGINE
test -e $MARK
test -S $SOCKET
"""


@pytest.fixture
def hostile(registry: Registry, docker: Docker, busybox_layout: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes an image of busybox with a change to its files, and settings of its own."""
    made: list[str] = []

    def make(name: str, change: Callable[[Path], object], **config: object) -> str:
        root, layout = tmp_path / name, oci.Layout.create(tmp_path / f"{name}.oci")
        oci.Layout(busybox_layout).unpack(root)
        change(root)
        layout.finish([layout.add_tree(root)], {"Cmd": ["true"], **config}, ["made"])
        made.append(registry.push(layout.path, f"{name}:latest"))
        docker("pull", "--quiet", made[-1])
        shutil.rmtree(root)
        return made[-1]

    yield make
    for reference in made:
        docker("rmi", "--force", reference)


def _disk() -> str:
    numbers = (path.read_text().strip() for path in Path("/sys/block").glob("*/dev"))
    return next(numbers, "8:0").replace(":", " ")


def test_what_a_container_can_not_do(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    engine = docker.socket.parent
    loop = 'while read -r line; do (eval "$line") > /dev/null 2>&1 && echo "$line"; done; true'
    variables = {"DISK": _disk(), "MARK": mark, "ENGINE": 1_000_000_000, "SOCKET": engine / "engine.sock"}
    words = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    argv = ["run", "--rm", "-i", *words, pulled_busybox, "sh", "-c", loop]
    assert docker(*argv, typed=ATTEMPTS) == ""


def test_no_descriptor_and_no_process_of_the_host_is_in_a_container(docker: Docker, pulled_busybox: str) -> None:
    script = """
for fd in /proc/1/fd/*; do readlink $fd; done
echo
for fd in /proc/self/fd/*; do basename $fd; done
ls -d /proc/[0-9]*
"""
    docker("run", "-d", "--name", "still", pulled_busybox, "sleep", "600")
    for argv in (["run", "--rm", pulled_busybox], ["exec", "still"]):
        first, _, rest = docker(*argv, "sh", "-c", script).partition("\n\n")
        assert all(line.startswith(("pipe:[", "/dev/null", "socket:[")) for line in first.splitlines()), first
        assert len(first.splitlines()) == 3
        numbers = [line for line in rest.splitlines() if line.isdigit()]
        assert set(numbers) <= {"0", "1", "2", "3", "10"}, "3 and 10 are the shell's own"
        assert len([line for line in rest.splitlines() if line.startswith("/proc/")]) <= 5


@pytest.mark.parametrize("name", ["proc", "sys", "dev"])
def test_a_link_in_a_system_folders_place_is_refused(docker: Docker, hostile: Callable[..., str], name: str) -> None:
    def change(root: Path) -> None:
        if (root / name).exists():
            (root / name).rmdir()
        (root / name).symlink_to("/etc")

    refused = docker.run("run", "--rm", hostile(f"link-{name}", change))
    assert (refused.returncode, f"the image's /{name} is a symbolic link" in refused.stderr) == (125, True)


def test_a_volume_in_devs_place_is_refused(docker: Docker, hostile: Callable[..., str]) -> None:
    def change(root: Path) -> None:
        (root / "dev").mkdir(exist_ok=True)
        (root / "dev/null").symlink_to("/proc/sys/kernel/core_pattern")

    before = docker("volume", "ls", "--quiet")
    refused = docker.run("run", "--rm", hostile("null", change, Volumes={"/dev": {}}))
    assert (refused.returncode, "can't be mounted at /dev" in refused.stderr) == (125, True)
    assert docker("volume", "ls", "--quiet") == before


def test_the_runtime_is_out_of_reach(docker: Docker, hostile: Callable[..., str]) -> None:
    """CVE-2019-5736, and descriptors as working directories (CVE-2024-21626), also through a link."""

    def change(root: Path) -> None:
        (root / "links").mkdir()
        for number in range(6, 9):
            (root / f"links/{number}").symlink_to(f"/proc/self/fd/{number}")

    image = hostile("runtime", change)
    runtime = Path(shutil.which("runc") or "/usr/sbin/runc")
    before = hashlib.sha256(runtime.read_bytes()).hexdigest()
    docker.run("run", "--rm", "--entrypoint", "/proc/self/exe", image, "--version")
    assert hashlib.sha256(runtime.read_bytes()).hexdigest() == before

    docker("run", "-d", "--name", "still", image, "sleep", "600")
    for number in range(6, 9):
        for directory in (f"/proc/self/fd/{number}", f"/links/{number}"):
            for argv in (["run", "--rm", "-w", directory, image], ["exec", "-w", directory, "still"]):
                done = docker.run(*argv, "sh", "-c", "cat ../../../../../etc/debian_version ../../../etc/hostname")
                assert done.stdout == "" or done.returncode, (argv, done.stdout)


def test_a_containers_process_has_no_more_than_its_own(docker: Docker, pulled_busybox: str) -> None:
    """Capabilities, filter, environment and devices, of a first process and of an exec."""
    script = """
grep -E '^(Cap(Inh|Bnd|Amb)|Seccomp):' /proc/self/status | tr -d '\\t'
echo == env; env | cut -d = -f 1 | grep -v -E '^(PATH|HOSTNAME|HOME|PWD|SHLVL|OLDPWD)$'
echo == blocks; find /dev -type b
echo == devices; find /dev -maxdepth 1 -type c | sort | tr '\\n' ' '
echo == mounts; cut -d ' ' -f 2 /proc/mounts | grep -v -E '^/(proc|sys|dev|etc/(hosts|hostname|resolv.conf)$|$)'; true
"""
    docker("run", "-d", "--name", "still", pulled_busybox, "sleep", "600")
    for argv in (["run", "--rm", pulled_busybox], ["exec", "still"]):
        status, *rest = docker(*argv, "sh", "-c", script).split("== ")
        assert dict(line.split(":") for line in status.split()) == {
            "CapInh": "0" * 16, "CapBnd": "00000000a80425fb", "CapAmb": "0" * 16, "Seccomp": "2",
        }  # fmt: skip
        assert {part.partition("\n")[0]: part.partition("\n")[2].split() for part in rest} == {
            "env": [],
            "blocks": [],
            "devices": [f"/dev/{name}" for name in ("full", "null", "random", "tty", "urandom", "zero")],
            "mounts": [],
        }


@pytest.mark.parametrize("terminal", [[], ["-t"]])
def test_links_in_the_images_dev_lead_nowhere(docker: Docker, hostile: Callable[..., str], terminal: list[str]) -> None:
    """CVE-2025-31133 and -52565: masking binds /dev/null, a terminal /dev/console; both are the container's own."""

    def change(root: Path) -> None:
        (root / "dev").mkdir(exist_ok=True)
        for name in ("null", "console", "pts", "shm", "mqueue", "ptmx", "fd"):
            (root / "dev" / name).symlink_to("/proc/sys/kernel/core_pattern")

    pattern = Path("/proc/sys/kernel/core_pattern")
    before = pattern.read_text()
    image = hostile(f"dev{len(terminal)}", change)
    script = "test -c /dev/null && ! test -L /dev/null && echo core > /dev/null && cat /proc/timer_list | wc -c"
    assert docker("run", "--rm", *terminal, image, "sh", "-c", script).strip() == "0"
    assert pattern.read_text() == before


def test_links_at_mounts_places_stay_in_the_container(
    docker: Docker, hostile: Callable[..., str], tmp_path: Path
) -> None:
    """CVE-2021-30465, -2019-19921: whatever is mounted, or made to mount on, is made within the container."""
    outside, source = tmp_path / "outside", tmp_path / "source"
    outside.mkdir()
    source.mkdir()
    (source / "file").write_text("source")
    up = "../" * 30

    def change(root: Path) -> None:
        for name in ("hosts", "hostname", "resolv.conf"):
            (root / "etc").mkdir(exist_ok=True)
            (root / "etc" / name).unlink(missing_ok=True)
            (root / "etc" / name).symlink_to(f"{up}{outside}/{name}")
        for name in ("volume", "bound", "tmp-fs", "work"):
            (root / name).symlink_to(f"{up}{outside}")

    image = hostile("targets", change)
    attempts = [
        ["-v", "/volume/made"],
        ["-v", f"{source}:/bound/made"],
        ["--mount", f"type=bind,src={source},dst=/volume"],
        ["--tmpfs", "/tmp-fs/made"],
        ["-w", "/work/made"],
        ["-w", "/work"],
        [],
    ]
    for options in attempts:
        done = docker.run("run", "--rm", *options, image, "sh", "-c", "grep -c localhost /etc/hosts")
        assert list(outside.iterdir()) == [], (options, done)
        assert str(outside) not in Path("/proc/self/mountinfo").read_text()
    assert done.stdout.strip() == "2"
    assert [path.name for path in source.iterdir()] == ["file"]
