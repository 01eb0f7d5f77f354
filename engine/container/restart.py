"""Restart policies: whether a container that has ended is started again, and after how long.

The rules are Docker's (its restart manager): a delay of 100 ms that doubles up to a minute with each restart, and
begins anew after a run of ten seconds. A container that its user has stopped stays down; with `always` until the
engine itself starts again, with `unless-stopped` for longer than that.
"""

from typing import Final

from engine.container.config import HostConfig, RestartPolicy
from engine.container.record import NEVER, Record
from engine.container.state import Status
from engine.errors import InvalidParameter

FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 60.0
#: A run of this many seconds shows that the container works: the next delay is the first again.
LASTING_RUN_S: Final = 10
_POLICIES: Final = ("no", "always", "on-failure", "unless-stopped")


def check(policy: RestartPolicy) -> None:
    """Raise InvalidParameter, in Docker's words, for a policy that is none or a count that means nothing."""
    if policy.name not in ("", *_POLICIES):
        names = "', '".join(_POLICIES[:-1])
        raise InvalidParameter(
            f"invalid restart policy: unknown policy '{policy.name}'; use one of '{names}', or '{_POLICIES[-1]}'"
        )
    negative = policy.maximum_retry_count < 0
    if policy.name == "on-failure" and negative:
        raise InvalidParameter("invalid restart policy: maximum retry count cannot be negative")
    if policy.name != "on-failure" and policy.maximum_retry_count:
        raise InvalidParameter(
            "invalid restart policy: maximum retry count can only be used with 'on-failure'"
            + (" and cannot be negative" if negative else "")
        )


def check_host(host: HostConfig) -> None:
    """The same for a create request, where a policy also stands against `--rm`."""
    check(host.restart_policy)
    if host.auto_remove and is_set(host.restart_policy):
        raise InvalidParameter("can't create 'AutoRemove' container with restart policy")


def is_set(policy: RestartPolicy) -> bool:
    return policy.name not in {"", "no"}


def follows(record: Record, exit_code: int) -> bool:
    """Is a run that ended with `exit_code` followed by another?"""
    policy = record.host_config.restart_policy
    if record.state.manually_stopped:
        return False
    if policy.name == "on-failure":
        limit = policy.maximum_retry_count
        return exit_code != 0 and (limit == 0 or record.restart_count < limit)
    return policy.name in {"always", "unless-stopped"}


def next_delay(previous_s: float, ran_s: float) -> float:
    """Seconds from an end to the next start; `previous_s` is what the ended run had waited for, 0 for nothing."""
    if ran_s >= LASTING_RUN_S or previous_s == 0:
        return FIRST_DELAY_S
    return min(2 * previous_s, LONGEST_DELAY_S)


def starts_with_engine(record: Record) -> bool:
    """Does the engine's own start bring this ended container back? Only what has been started once is.

    A host that went down without a word is no case of its own: the records still say that its containers run, their
    ends are found by the engine's start, and `follows` decides as after any other end.
    """
    state, policy = record.state, record.host_config.restart_policy
    if state.status is not Status.EXITED or state.started == NEVER:
        return False
    return policy.name == "always" or (policy.name == "unless-stopped" and not state.manually_stopped)
