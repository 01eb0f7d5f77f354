"""What a container gets: exit codes, streams, environment, user, files, limits of what it may do."""

import re
import time

import pytest

from tests.contract.conftest import Daemon
from tests.support.waiting import until

pytestmark = pytest.mark.root


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_comes_through(daemon: Daemon, code: int) -> None:
    assert daemon.docker.run("run", "--rm", daemon.image, "sh", "-c", f"exit {code}").returncode == code


def test_the_streams_stay_apart(daemon: Daemon) -> None:
    done = daemon.docker.run("run", "--name", "t1", daemon.image, "sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")

    logs = daemon.docker.run("logs", "t1")
    assert (logs.stdout, logs.stderr) == ("out\n", "err\n")
    assert daemon.docker("logs", "--tail", "0", "t1") == ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z out", daemon.docker("logs", "--timestamps", "t1"))


def test_a_terminal_has_one_stream_with_carriage_returns(daemon: Daemon) -> None:
    # The client wants a terminal of its own for -t with -i only.
    done = daemon.docker.run("run", "--rm", "-t", daemon.image, "sh", "-c", "echo out; echo err >&2; tty")
    assert done.stdout == "out\r\nerr\r\n/dev/pts/0\r\n"


def test_input_and_its_end_come_through(daemon: Daemon) -> None:
    text = "".join(f"{number}\n" for number in range(20_000))

    counted = daemon.docker("run", "--rm", "-i", daemon.image, "sh", "-c", "wc -l; echo done", typed=text)

    assert counted.split() == ["20000", "done"]


def test_the_environment(daemon: Daemon) -> None:
    printed = daemon.run("-e", "WORD=a b", "-h", "box", "-w", "/made/here", "env; pwd; hostname")

    assert "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" in printed
    assert {"WORD=a b", "HOSTNAME=box", "HOME=/root", "/made/here", "box"} <= set(printed.splitlines())


def test_the_host_name_is_the_id(daemon: Daemon) -> None:
    container = daemon.docker("run", "-d", "-e", "A=", daemon.image, "hostname")
    daemon.docker("wait", container)
    assert daemon.docker("logs", container) == container[:12]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("daemon", "uid=1(daemon) gid=1(daemon) groups=1(daemon)"),
        ("nobody", "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup),100(users)"),
        ("1:33", "uid=1(daemon) gid=33(www-data) groups=33(www-data)"),
        ("4321", "uid=4321 gid=0(root) groups=0(root)"),
    ],
)
def test_users_are_looked_up_in_the_image(daemon: Daemon, user: str, expected: str) -> None:
    found = daemon.run("-u", user, "id")
    # Which of its groups a process lists first is the kernel's business.
    assert sorted(re.split("[ ,=]", found)) == sorted(re.split("[ ,=]", expected))


def test_a_user_that_is_not_there_is_refused(daemon: Daemon) -> None:
    done = daemon.docker.run("run", "--rm", "-u", "nope", daemon.image, "id")
    assert done.returncode in {125, 126}
    assert "unable to find user nope: no matching entries in passwd file" in done.stderr


def test_the_entrypoint_can_be_replaced(daemon: Daemon) -> None:
    assert daemon.docker("run", "--rm", "--entrypoint", "echo", daemon.image, "a", "b") == "a b"


def test_what_root_may_do_in_a_container(daemon: Daemon) -> None:
    status = daemon.run("cat /proc/self/status")
    values = dict(line.split(":", 1) for line in status.splitlines())
    found = {key: values[key].strip() for key in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "Seccomp", "NoNewPrivs")}
    assert found == {
        "CapPrm": "00000000a80425fb",
        "CapEff": "00000000a80425fb",
        "CapBnd": "00000000a80425fb",
        "CapAmb": "0000000000000000",
        "Seccomp": "2",
        "NoNewPrivs": "0",
    }


def test_dangerous_parts_of_proc_and_sys_are_closed(daemon: Daemon) -> None:
    script = """
    for path in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /sys/firmware /proc/acpi; do
        [ ! -e $path ] || [ -z "$(cat $path 2>/dev/null | head -c 1; ls $path/ 2>/dev/null)" ] || echo open $path
    done
    for path in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/uevent_helper; do
        (echo x >$path) 2>/dev/null && echo writable $path
    done; echo checked
    """
    assert daemon.run(script) == "checked"


def test_devices(daemon: Daemon) -> None:
    listed = daemon.run("ls /dev; mknod /tmp/disk b 259 0 && cat /tmp/disk; stat -f -c %T /dev/shm").split()
    assert {"full", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero", "fd", "stdin"} <= set(listed)
    assert not {"sda", "vda", "kmsg", "mem"} & set(listed)
    assert listed[-1] == "tmpfs"


def test_network_none_has_loopback_alone(daemon: Daemon) -> None:
    assert daemon.run("--network", "none", "ls /sys/class/net") == "lo"


def test_network_host_is_the_hosts(daemon: Daemon) -> None:
    hosts = {line.split(":")[0] for line in daemon.run("--network", "host", "ip -o link | cut -d' ' -f2").splitlines()}
    assert {"lo"} <= hosts


def test_a_bind_mount(daemon: Daemon, tmp_path: object) -> None:
    assert daemon.run("-v", f"{tmp_path}:/here", "echo kept >/here/word; cat /here/word") == "kept"

    denied = daemon.docker.run("run", "--rm", "-v", f"{tmp_path}:/here:ro", daemon.image, "rm", "/here/word")
    assert denied.returncode == 1
    assert "Read-only file system" in denied.stderr
    assert daemon.run("-v", f"{tmp_path}:/here:ro", "cat /here/word") == "kept"


def test_a_named_volume_begins_with_the_images_files_and_outlives_containers(daemon: Daemon) -> None:
    assert daemon.run("-v", "data:/etc", "echo kept >/etc/word; ls /etc/passwd") == "/etc/passwd"
    assert daemon.run("-v", "data:/here", "cat /here/word; ls /here/passwd").split() == ["kept", "/here/passwd"]
    assert daemon.docker("volume", "ls", "--quiet") == "data"

    daemon.docker("create", "--name", "t1", "-v", "data:/here", daemon.image)
    refused = daemon.docker.run("volume", "rm", "data")
    assert refused.returncode == 1
    assert "volume is in use" in refused.stderr


def test_rm_takes_anonymous_volumes_along(daemon: Daemon) -> None:
    daemon.run("-v", "/here", "touch /here/file")
    until("the volume's removal", lambda: daemon.docker("volume", "ls", "--quiet") == "")


def test_stop_asks_first_and_kills_then(daemon: Daemon) -> None:
    polite = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done"
    daemon.docker("run", "-d", "--name", "polite", daemon.image, "sh", "-c", polite)
    daemon.docker("run", "-d", "--name", "deaf", daemon.image, "sleep", "1000")
    until("its trap", lambda: daemon.docker("logs", "polite") == "up")

    daemon.docker("stop", "--time", "1", "polite", "deaf")

    codes = daemon.docker("inspect", "--format", "{{.State.ExitCode}}", "polite", "deaf").split()
    assert codes == ["3", "137"]
    assert daemon.docker("logs", "polite") == "up\nbye"


def test_wait_knows_of_an_end_before_and_after(daemon: Daemon) -> None:
    daemon.docker("run", "-d", "--name", "t1", daemon.image, "sh", "-c", "exit 9")
    assert daemon.docker("wait", "t1") == "9"
    assert daemon.docker("wait", "t1") == "9"


def test_kill_sends_the_signal(daemon: Daemon) -> None:
    script = "trap 'echo usr1' USR1; echo up; while :; do sleep 0.1; done"
    daemon.docker("run", "-d", "--name", "t1", daemon.image, "sh", "-c", script)
    until("its trap", lambda: daemon.docker("logs", "t1") == "up")

    assert daemon.docker("kill", "--signal", "USR1", "t1") == "t1"
    until("the signal", lambda: daemon.docker("logs", "t1") == "up\nusr1")
    daemon.docker("kill", "t1")
    assert daemon.docker("wait", "t1") == "137"


def test_exec(daemon: Daemon) -> None:
    daemon.docker("run", "-d", "--name", "t1", "-e", "WORD=one", daemon.image, "sleep", "1000")

    assert daemon.docker("exec", "t1", "sh", "-c", "echo $WORD") == "one"
    assert daemon.docker("exec", "-e", "WORD=two", "-w", "/tmp", "t1", "sh", "-c", "echo $WORD; pwd") == "two\n/tmp"
    assert daemon.docker("exec", "-u", "daemon", "t1", "whoami") == "daemon"
    assert daemon.docker("exec", "-i", "t1", "wc", "-c", typed="12345") == "5"
    done = daemon.docker.run("exec", "t1", "sh", "-c", "echo out; echo err >&2; exit 5")
    assert (done.returncode, done.stdout, done.stderr) == (5, "out\n", "err\n")
    absent = daemon.docker.run("exec", "t1", "nope")
    assert absent.returncode in {126, 127}
    assert "executable file not found in $PATH" in absent.stdout + absent.stderr


def test_restarting_keeps_files_and_logs(daemon: Daemon) -> None:
    daemon.docker("run", "--name", "t1", daemon.image, "sh", "-c", "echo run >>/count; wc -l </count")
    daemon.docker("start", "--attach", "t1")
    assert daemon.docker("logs", "t1").split() == ["1", "2"]


def test_events_of_a_life(daemon: Daemon) -> None:
    since = f"{time.time():.9f}"
    daemon.docker("run", "--rm", "--name", "t1", "--network", "none", daemon.image, "true")

    def seen() -> list[str]:
        words = ["events", "--since", since, "--until", f"{time.time():.9f}", "--filter", "type=container"]
        return daemon.docker(*words, "--format", "{{.Action}}").split()

    assert until("destroy", lambda: actions if (actions := seen())[-1:] == ["destroy"] else None) == [
        "create", "attach", "start", "die", "destroy",
    ]  # fmt: skip
