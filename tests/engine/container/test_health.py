import pytest

from engine.container import health
from engine.container.config import ContainerConfig
from engine.container.health import Check, Health, HealthStatus, ProbeResult
from engine.errors import InvalidParameter
from engine.image.config import Healthcheck

SECOND = 1_000_000_000


def check(**said):
    found = Check.of(ContainerConfig(healthcheck=Healthcheck(test=["CMD", "true"], **said)))
    assert found is not None
    return found


def result(exit_code, at=0):
    return ProbeResult(start=at * SECOND, end=at * SECOND, exit_code=exit_code)


def statuses(check_, *results, begun=None):
    known = begun or Health()
    for each in results:
        known.take(each, check_, started=0)
        yield known.status.value


@pytest.mark.parametrize(
    ("test", "argv"),
    [
        (["CMD", "curl", "-f", "x"], ("curl", "-f", "x")),
        (["CMD-SHELL", "curl x || exit 1"], ("/bin/sh", "-c", "curl x || exit 1")),
        (["NONE"], None),
        ([], None),
        (None, None),
    ],
)
def test_the_command(test, argv):
    found = Check.of(ContainerConfig(healthcheck=Healthcheck(test=test)))
    assert (found and found.argv) == argv


def test_the_images_shell_is_asked():
    config = ContainerConfig(shell=["bash", "-c"], healthcheck=Healthcheck(test=["CMD-SHELL", "x"]))
    found = Check.of(config)
    assert found is not None
    assert found.argv == ("bash", "-c", "x")


def test_defaults():
    found = check()
    assert (found.interval, found.timeout, found.start_period, found.start_interval, found.retries) == (30, 30, 0, 5, 3)


def test_success_makes_healthy_and_failures_in_a_row_unhealthy():
    seen = statuses(check(retries=2), *map(result, (0, 1, 0, 1, 1, 0)))
    assert list(seen) == ["healthy", "healthy", "healthy", "healthy", "unhealthy", "healthy"]


def test_failures_do_not_count_within_the_start_period():
    within = check(retries=1, start_period=60 * SECOND)
    assert list(statuses(within, result(1, 10), result(1, 59), result(1, 61))) == ["starting", "starting", "unhealthy"]
    assert list(statuses(within, result(0, 10), result(1, 20))) == ["healthy", "unhealthy"]


def test_the_last_five_results_are_kept():
    known = Health()
    for at in range(8):
        known.take(result(1, at), check(), started=0)
    assert [each.start // SECOND for each in known.log] == [3, 4, 5, 6, 7]
    assert known.failing_streak == 8
    known.begin()
    assert (known.status, known.failing_streak, len(known.log)) == (HealthStatus.STARTING, 0, 5)


def test_probes_come_faster_while_the_container_starts():
    eager = check(interval=30 * SECOND, start_period=20 * SECOND, start_interval=SECOND)
    known = Health()
    assert (known.pause_s(eager, 1), known.pause_s(eager, 21)) == (1, 30)
    known.take(result(0), eager, started=0)
    assert known.pause_s(eager, 1) == 30


def test_the_image_is_asked_where_the_request_is_silent():
    image = Healthcheck(test=["CMD", "a"], interval=1, retries=2)
    assert health.merge(None, image) is image
    assert health.merge(image, None) is image
    assert health.merge(None, None) is None
    merged = health.merge(Healthcheck(interval=5, timeout=6), image)
    assert merged == Healthcheck(test=["CMD", "a"], interval=5, timeout=6, retries=2)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Healthcheck(interval=1), "Interval in Healthcheck cannot be less than 1ms"),
        (Healthcheck(timeout=-1), "Timeout in Healthcheck cannot be less than 1ms"),
        (Healthcheck(start_period=999_999), "StartPeriod in Healthcheck cannot be less than 1ms"),
        (Healthcheck(start_interval=5), "StartInterval in Healthcheck cannot be less than 1ms"),
        (Healthcheck(retries=-1), "Retries in Healthcheck cannot be negative"),
        (Healthcheck(test=["curl"]), "Unknown probe type 'curl'"),
    ],
)
def test_what_is_no_check(said, words):
    with pytest.raises(InvalidParameter, match=words):
        health.check(said)
