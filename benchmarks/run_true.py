"""`docker run --rm busybox true`: how long it takes by the docker client, on Portside and on dockerd.

Both daemons are private and fresh and run at the same time; their turns alternate, so that whatever else the machine
does falls on both. All of it is in a network and a mount namespace of its own: the two bridges, and what dockerd does
to the packet filter, are gone with it.

    python -m benchmarks.run_true [--rounds N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from tests.support import dockerd, images
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.registry import Registry

_INSIDE: Final = "PORTSIDE_BENCHMARK_INSIDE"
_WARM_UP: Final = 3


@dataclass
class Contender:
    """One daemon, and what its runs took, in seconds."""

    name: str
    docker: Docker
    seconds: list[float] = field(default_factory=list)

    def run(self, image: str) -> float:
        argv, environment = self.docker.argv("run", "--rm", image, "true"), dict(self.docker.environment)
        begin = time.perf_counter()
        subprocess.run(argv, env=environment, check=True, stdin=subprocess.DEVNULL)
        return time.perf_counter() - begin

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (
            f"{self.name:<9} median {self.median * 1000:5.0f} ms   quartiles {low * 1000:.0f} to {high * 1000:.0f} ms"
        )


def measure(contenders: list[Contender], image: str, rounds: int) -> None:
    for number in range(-_WARM_UP, rounds):
        for contender in contenders:
            seconds = contender.run(image)
            if number >= 0:
                contender.seconds.append(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description="time `docker run --rm busybox true` beside dockerd")
    parser.add_argument("--rounds", type=int, default=25, help="runs on each daemon (default: 25)")
    rounds = parser.parse_args().rounds
    if not dockerd.is_present():
        sys.exit("there is no dockerd to compare with: apt-get install docker.io")
    _enter_namespaces()
    with ExitStack() as stack:
        contenders, image = _start(stack.callback)
        measure(contenders, image, rounds)
    portside, other = contenders
    print(*contenders, f"ratio     {portside.median / other.median:.2f}", sep="\n")


def _enter_namespaces() -> None:
    """Start over in a network of our own, where loopback is up."""
    if _INSIDE not in os.environ:
        argv = ["unshare", "--net", "--mount", sys.executable, "-m", "benchmarks.run_true", *sys.argv[1:]]
        os.execvpe("unshare", argv, {**os.environ, _INSIDE: "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _start(at_end: Callable[[Callable[[], object]], object]) -> tuple[list[Contender], str]:
    registry = Registry()
    at_end(registry.stop)
    engine = EngineProcess(environment={"PORTSIDE_DEBUG": ""})
    engine.start()
    at_end(engine.close)
    other = dockerd.Dockerd(bridged=True)
    at_end(other.stop)
    image = registry.push(images.busybox(), "busybox:latest")
    contenders = [Contender("portside", engine.docker), Contender("dockerd", other.docker)]
    for contender in contenders:
        contender.docker("pull", "--quiet", image)
    return contenders, image


if __name__ == "__main__":
    main()
