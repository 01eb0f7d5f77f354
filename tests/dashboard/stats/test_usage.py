"""Counters in, rates out."""

from typing import Any

import pytest

from dashboard.stats.usage import Point, Usage


def answer(**changes: Any) -> dict[str, Any]:
    """An engine's answer, as Docker shapes it."""
    return {
        "read": "2026-05-28T20:26:40.5Z",
        "cpu_stats": {"cpu_usage": {"total_usage": 3_000_000_000}},
        "memory_stats": {"usage": 5_000, "stats": {"total_inactive_file": 1_000}},
        "networks": {"eth0": {"rx_bytes": 10, "tx_bytes": 1}, "eth1": {"rx_bytes": 20, "tx_bytes": 2}},
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"op": "Read", "value": 100},
                {"op": "read", "value": 50},
                {"op": "Write", "value": 7},
                {"op": "Total", "value": 157},
            ]
        },
        "pids_stats": {"current": 4},
    } | changes


def usage(**changes: Any) -> Usage:
    found = Usage.from_json(answer(**changes))
    assert found is not None
    return found


def test_what_is_read_of_an_answer() -> None:
    assert usage() == Usage(1780000000.5, 3_000_000_000, 4_000, 30, 3, 150, 7, 4)


def test_memory_of_cgroup_v2() -> None:
    assert usage(memory_stats={"usage": 5_000, "stats": {"inactive_file": 4_500}}).memory == 500


def test_a_cache_larger_than_the_usage_is_not_taken_away() -> None:
    assert usage(memory_stats={"usage": 5_000, "stats": {"inactive_file": 6_000}}).memory == 5_000


@pytest.mark.parametrize("read", ["0001-01-01T00:00:00Z", "", None])
def test_a_container_that_does_not_run_has_none(read: object) -> None:
    assert Usage.from_json(answer(read=read)) is None


def test_parts_may_be_missing() -> None:
    assert Usage.from_json({"read": "2026-05-28T20:26:40Z"}) == Usage(1780000000.0, 0, 0, 0, 0, 0, 0, 0)
    assert usage(blkio_stats={"io_service_bytes_recursive": None}).read == 0


def test_rates_are_between_two_times() -> None:
    before = Usage(100.0, 1_000_000_000, 1, 0, 0, 0, 0, 1)
    now = Usage(102.0, 2_000_000_000, 5, 200, 100, 20, 10, 2)
    assert Point.between(before, now) == Point(102.0, 50.0, 5, 100.0, 50.0, 10.0, 5.0, 2)


@pytest.mark.parametrize("now", [Usage(100.0, 5, 0, 0, 0, 0, 0, 0), Usage(101.0, 1, 0, 0, 0, 0, 0, 0)])
def test_no_time_or_a_restart_gives_no_rate(now: Usage) -> None:
    assert Point.between(Usage(100.0, 5, 0, 0, 0, 0, 0, 0), now) is None


def test_a_total_adds_up() -> None:
    points = [Point(1.0, 10.0, 1, 2.0, 3.0, 4.0, 5.0, 6), Point(2.0, 20.0, 1, 2.0, 3.0, 4.0, 5.0, 6)]
    assert Point.total(points, 9.0) == Point(9.0, 30.0, 2, 4.0, 6.0, 8.0, 10.0, 12)
    assert Point.total([], 9.0).row() == [9.0, 0, 0, 0, 0, 0, 0, 0]
