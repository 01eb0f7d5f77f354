"""The host's side of the network, as a neighbour sees it."""

import socket
import subprocess

import psutil
import pytest


def free_port() -> int:
    """A TCP port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        port: int = probe.getsockname()[1]
    return port


def own_address() -> str:
    """An IPv4 address of the host on an interface that is up and no bridge's; skips the test where there is none."""
    for name, addresses in psutil.net_if_addrs().items():
        if not psutil.net_if_stats()[name].isup or name.startswith(("lo", "docker", "br-", "ps", "portside", "veth")):
            continue
        for address in addresses:
            if address.family == socket.AF_INET:
                return address.address
    pytest.skip("the host has no address beside loopback's")


def redis_cli(host: str, port: int, *words: str) -> str:
    """What the host's redis-cli prints, its errors included."""
    argv = ["redis-cli", "-h", host, "-p", str(port), *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    return (done.stdout + done.stderr).strip()
