import pytest

from engine.container import restart
from engine.container.config import ContainerConfig, HostConfig, RestartPolicy
from engine.container.record import Record, State
from engine.container.state import Status
from engine.errors import InvalidParameter


def record(policy, retries=0, *, count=0, **state):
    host = HostConfig(restart_policy=RestartPolicy(policy, retries))
    return Record(id="c1", name="n", created=0, image_id="i", image_name="i", config=ContainerConfig(),
                  host_config=host, restart_count=count, state=State(**state))  # fmt: skip


@pytest.mark.parametrize(
    ("made", "exit_code", "expected"),
    [
        (record(""), 1, False),
        (record("no"), 1, False),
        (record("always"), 0, True),
        (record("unless-stopped"), 137, True),
        (record("on-failure"), 0, False),
        (record("on-failure"), 1, True),
        (record("on-failure", 3, count=2), 1, True),
        (record("on-failure", 3, count=3), 1, False),
        (record("always", manually_stopped=True), 0, False),
        (record("unless-stopped", manually_stopped=True), 1, False),
        (record("on-failure", manually_stopped=True), 1, False),
    ],
)
def test_who_is_restarted(made, exit_code, expected):
    assert restart.follows(made, exit_code) is expected


def test_the_delay_doubles_up_to_a_minute():
    delays = [0.0]
    while len(delays) < 13:
        delays.append(restart.next_delay(delays[-1], ran_s=1))
    assert delays[1:] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60])


def test_a_lasting_run_makes_the_delay_short_again():
    assert restart.next_delay(51.2, ran_s=10) == 0.1


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (record("always", status=Status.EXITED, started=1), True),
        (record("always", status=Status.EXITED, started=1, manually_stopped=True), True),
        (record("unless-stopped", status=Status.EXITED, started=1), True),
        (record("unless-stopped", status=Status.EXITED, started=1, manually_stopped=True), False),
        (record("on-failure", status=Status.EXITED, started=1, exit_code=1), False),
        (record("always", status=Status.CREATED), False),
        (record("always", status=Status.DEAD, started=1), False),
        (record("no", status=Status.EXITED, started=1), False),
    ],
)
def test_who_comes_back_with_the_engine(made, expected):
    assert restart.starts_with_engine(made) is expected


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (RestartPolicy("sometimes"), "unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or"),
        (RestartPolicy("always", 3), "maximum retry count can only be used with 'on-failure'$"),
        (RestartPolicy("no", -1), "'on-failure' and cannot be negative"),
        (RestartPolicy("on-failure", -1), "invalid restart policy: maximum retry count cannot be negative"),
    ],
)
def test_what_is_no_policy(policy, words):
    with pytest.raises(InvalidParameter, match=words):
        restart.check(policy)


def test_a_policy_stands_against_removal_at_the_end():
    with pytest.raises(InvalidParameter, match="can't create 'AutoRemove' container with restart policy"):
        restart.check_host(HostConfig(auto_remove=True, restart_policy=RestartPolicy("always")))
