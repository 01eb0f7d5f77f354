import pytest

from engine.container.config import HostConfig, RestartPolicy
from engine.container.config.update import Update
from engine.container.update import has_limits, updated
from engine.errors import Conflict, InvalidParameter

MB = 1 << 20


def test_what_is_not_said_stays():
    host = HostConfig(memory=64 * MB, memory_swap=128 * MB, cpu_shares=512, restart_policy=RestartPolicy("always"))
    assert updated(host, Update()) == host
    assert updated(host, Update(cpu_shares=256)).cpu_shares == 256
    assert updated(host, Update(restart_policy=RestartPolicy("no"))).restart_policy.name == "no"
    assert updated(host, Update(pids_limit=0)).pids_limit == -1


def test_swap_stays_what_the_default_had_made_it():
    changed = updated(HostConfig(memory=64 * MB), Update(memory=32 * MB))
    assert (changed.memory, changed.memory_swap) == (32 * MB, 128 * MB)


@pytest.mark.parametrize(
    ("host", "update", "error", "words"),
    [
        (HostConfig(memory=64 * MB), Update(memory=256 * MB), Conflict, "smaller than already set memoryswap limit"),
        (HostConfig(cpu_quota=5000), Update(nano_cpus=10**8), Conflict, "Nano CPUs cannot be updated as CPU Quota has"),
        (HostConfig(nano_cpus=10**9), Update(cpu_period=5000), Conflict, "CPU Period cannot be updated as NanoCPUs"),
        (HostConfig(), Update(memory=64 * MB), Conflict, "update the memoryswap at the same time"),
        (HostConfig(), Update(memory=MB, memory_swap=-1), InvalidParameter, "Minimum memory limit allowed is 6MB"),
        (HostConfig(), Update(nano_cpus=10**8, cpu_quota=5000), InvalidParameter, "cannot both be set"),
        (HostConfig(), Update(restart_policy=RestartPolicy("x")), InvalidParameter, "unknown policy 'x'"),
        (
            HostConfig(auto_remove=True),
            Update(restart_policy=RestartPolicy("always")),
            Conflict,
            "Restart policy cannot be updated because AutoRemove is enabled for the container",
        ),
    ],
)
def test_what_can_not_be(host, update, error, words):
    with pytest.raises(error, match=words):
        updated(host, update)


def test_only_limits_are_the_kernels_business():
    assert not has_limits(Update(restart_policy=RestartPolicy("always")))
    assert has_limits(Update(cpu_shares=2))
