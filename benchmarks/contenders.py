"""Two daemons side by side: private, fresh, in a network and a mount namespace of their own, taking turns."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.support import dockerd, images
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.registry import Registry

_INSIDE: Final = "PORTSIDE_BENCHMARK_INSIDE"


@dataclass
class Contender:
    """One daemon, the busybox image in it, the registry that both can reach, and what its turns took, in seconds."""

    name: str
    docker: Docker
    image: str
    registry: Registry
    pid: int
    seconds: list[float] = field(default_factory=list)

    def client(self, *words: str) -> "subprocess.Popen[bytes]":
        """The docker client, started, its output thrown away."""
        return subprocess.Popen(
            self.docker.argv(*words),
            env=dict(self.docker.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def call(self, *words: str) -> None:
        """The docker client, to its end; raises CalledProcessError when it fails."""
        with self.client(*words) as running:
            code = running.wait()
        if code:
            raise subprocess.CalledProcessError(code, words)

    def take_turn(self, what: Callable[["Contender"], None], *, counts: bool) -> None:
        begin = time.perf_counter()
        what(self)
        if counts:
            self.seconds.append(time.perf_counter() - begin)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (
            f"{self.name:<9} median {self.median * 1000:6.0f} ms   quartiles {low * 1000:.0f} to {high * 1000:.0f} ms"
        )


def alternate(
    contenders: list[Contender],
    what: Callable[[Contender], None],
    *,
    rounds: int,
    warm_up: int,
    before: Callable[[list[Contender]], None] = lambda _: None,
) -> float:
    """Let them take turns, so that whatever else the machine does falls on both; returns the ratio of the medians.

    `before` makes both ready for a round, and is not counted.
    """
    for contender in contenders:
        contender.seconds.clear()
    for number in range(-warm_up, rounds):
        before(contenders)
        for contender in contenders:
            contender.take_turn(what, counts=number >= 0)
    first, second = contenders
    return first.median / second.median


@contextmanager
def side_by_side(module: str) -> Iterator[list[Contender]]:
    """Portside, then dockerd, both running and holding the image. Starts the program `module` over in namespaces."""
    if not dockerd.is_present():
        sys.exit("there is no dockerd to compare with: apt-get install docker.io")
    _enter_namespaces(module)
    with ExitStack() as stack:
        yield _start(stack)


def _enter_namespaces(module: str) -> None:
    """The two bridges, and what dockerd does to the packet filter, are gone with the namespaces."""
    if _INSIDE not in os.environ:
        argv = ["unshare", "--net", "--mount", sys.executable, "-m", module, *sys.argv[1:]]
        os.execvpe("unshare", argv, {**os.environ, _INSIDE: "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _start(stack: ExitStack) -> list[Contender]:
    registry = Registry()
    stack.callback(registry.stop)
    engine = EngineProcess(environment={"PORTSIDE_DEBUG": ""})
    engine.start()
    stack.callback(engine.close)
    other = dockerd.Dockerd(bridged=True)
    stack.callback(other.stop)
    image = registry.push(images.busybox(), "busybox:latest")
    contenders = [
        Contender("portside", engine.docker, image, registry, engine.pid),
        Contender("dockerd", other.docker, image, registry, other.pid),
    ]
    for contender in contenders:
        contender.docker("pull", "--quiet", image)
    return contenders
