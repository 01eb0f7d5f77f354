import os
from pathlib import Path

from engine.linux import counters
from engine.linux.counters import UNLIMITED, Transfer


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_v1(tmp_path):
    write(tmp_path, {
        "cpuacct/p/c/cpuacct.usage": "5000\n",
        "cpuacct/p/c/cpuacct.usage_percpu": "2000 3000 \n",
        "cpuacct/p/c/cpuacct.stat": "user 3\nsystem 2\n",
        "cpu/p/c/cpu.stat": "nr_periods 4\nnr_throttled 1\nthrottled_time 77\n",
        "memory/p/c/memory.usage_in_bytes": "4096\n",
        "memory/p/c/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/p/c/memory.max_usage_in_bytes": "8192\n",
        "memory/p/c/memory.failcnt": "3\n",
        "memory/p/c/memory.stat": "cache 10\ntotal_inactive_file 7\n",
        "pids/p/c/pids.current": "2\n",
        "pids/p/c/pids.max": "max\n",
        "blkio/p/c/blkio.throttle.io_service_bytes_recursive": "8:0 Read 512\n8:0 Write 0\nTotal 512\n",
    })  # fmt: skip
    seen = counters.read_v1(tmp_path, "/p/c")
    cpu, memory = seen.processor, seen.memory
    assert (cpu.total, cpu.per_cpu, cpu.user, cpu.system) == (5000, (2000, 3000), 30_000_000, 20_000_000)
    assert (cpu.periods, cpu.throttled_periods, cpu.throttled_time) == (4, 1, 77)
    assert (memory.usage, memory.peak, memory.failures, memory.details["total_inactive_file"]) == (4096, 8192, 3, 7)
    assert (seen.pids, seen.pids_limit) == (2, 0)
    assert seen.io_bytes[0] == Transfer(major=8, minor=0, op="read", value=512)
    assert len(seen.io_bytes) == 2
    assert seen.io_operations == ()


def test_v2(tmp_path):
    write(tmp_path, {
        "cpu.stat": "usage_usec 50\nuser_usec 30\nsystem_usec 20\nnr_periods 4\nnr_throttled 1\nthrottled_usec 7\n",
        "memory.current": "4096\n",
        "memory.max": "max\n",
        "memory.stat": "anon 1\ninactive_file 7\n",
        "pids.current": "2\n",
        "pids.max": "100\n",
        "io.stat": "8:0 rbytes=512 wbytes=1024 rios=1 wios=2 dbytes=0 dios=0\n",
    })  # fmt: skip
    seen = counters.read_v2(tmp_path)
    cpu, memory = seen.processor, seen.memory
    assert (cpu.total, cpu.user, cpu.system, cpu.per_cpu, cpu.throttled_time) == (50_000, 30_000, 20_000, (), 7000)
    assert (memory.usage, memory.limit, memory.details["inactive_file"]) == (4096, UNLIMITED, 7)
    assert (seen.pids, seen.pids_limit) == (2, 100)
    assert [(each.op, each.value) for each in seen.io_bytes] == [("read", 512), ("write", 1024)]
    assert [(each.op, each.value) for each in seen.io_operations] == [("read", 1), ("write", 2)]


def test_a_group_that_has_gone_counts_nothing(tmp_path):
    assert counters.read_v1(tmp_path, "/gone").processor.total == 0
    assert counters.read_v2(tmp_path / "gone").memory.usage == 0


def test_the_hosts_processor_time():
    assert counters.system_time("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1\n") == 28 * 10_000_000


def test_interfaces():
    seen = counters.interfaces(os.getpid())
    assert "lo" not in seen
    assert all(set(each) >= {"rx_bytes", "tx_bytes", "rx_dropped"} for each in seen.values())
    assert counters.interfaces(2**22 + 1) == {}
