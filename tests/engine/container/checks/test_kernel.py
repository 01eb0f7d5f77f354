import pytest

from engine.container.checks import kernel
from engine.container.config import HostConfig, ThrottleDevice
from engine.linux import cgroups

ASKED = HostConfig(
    memory=32 << 20, memory_swap=64 << 20, memory_reservation=16 << 20, memory_swappiness=5, oom_kill_disable=True,
    pids_limit=9, cpu_shares=5, cpuset_cpus="0", blkio_weight=100, blkio_device_read_bps=[ThrottleDevice("/dev/x", 1)],
)  # fmt: skip


def test_a_host_that_has_all_takes_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: True)
    assert kernel.adapt(ASKED) == (ASKED, [])


def test_what_a_host_lacks_is_discarded_and_told_in_dockers_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: False)
    adapted, warnings = kernel.adapt(ASKED)
    assert adapted == HostConfig(memory=32 << 20, memory_swap=-1)
    assert len(warnings) == 9
    missing = "Your kernel does not support swap limit capabilities or the cgroup is not mounted."
    assert f"{missing} Memory limited without swap." in warnings


def test_nothing_asked_is_nothing_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: False)
    silent = HostConfig(memory_swap=-1, memory_swappiness=-1, pids_limit=-1)
    assert kernel.adapt(silent) == (silent, [])


def test_a_disabled_killer_without_a_limit_is_warned_of(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: True)
    (warning,) = kernel.adapt(HostConfig(oom_kill_disable=True))[1]
    assert warning.startswith("OOM killer is disabled for the container")


def test_memory_limits_swap_to_as_much_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: True)
    assert kernel.adapt(HostConfig(memory=32 << 20)) == (HostConfig(memory=32 << 20, memory_swap=64 << 20), [])
    monkeypatch.setattr(cgroups, "has", lambda *_, **__: False)
    adapted, (warning,) = kernel.adapt(HostConfig(memory=32 << 20))
    assert adapted.memory_swap == -1
    assert warning.endswith("Memory limited without swap.")
