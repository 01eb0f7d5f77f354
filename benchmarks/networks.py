"""Networks beside dockerd's: how fast packets go, how long it takes to make a network, and what a start waits for it.

python -m benchmarks.networks [--rounds N] [--seconds N]

Both daemons are in one network namespace, the host, with a bridge of the same kind each; the outside is another
namespace, a veth pair away. Programs come from the host's /usr, which the containers have mounted read-only.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.contenders import Contender, alternate, side_by_side
from tests.support import api, images

_OUTSIDE, _HOST = "198.51.100.1", "198.51.100.2"
_NETWORK: Final = "measured"
_SERVER, _CLIENT, _IDLE = "server", "client", "idle"
_PORT: Final = 5201
_PROGRAMS: Final = ("--volume", "/usr:/usr:ro")
#: Seconds that one transfer may take, beginning to end.
_PATIENCE: Final = 120
#: Seconds for the kernel to take a namespace apart, which it does when the container is gone: not the next one's time.
_SETTLE: Final = 0.5


class Outside:
    """A host at the other end of a wire, with an iperf3 of its own."""

    def __init__(self, pid: int) -> None:
        self._namespace = f"--net=/proc/{pid}/ns/net"

    def argv(self, *words: str) -> list[str]:
        return ["nsenter", self._namespace, *words]

    def run(self, *words: str) -> str:
        return subprocess.run(self.argv(*words), check=True, capture_output=True, text=True).stdout


@contextmanager
def outside() -> Iterator[Outside]:
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    own = Path("/proc/self/ns/net").readlink()
    try:
        while Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
            time.sleep(0.01)
        there = Outside(holder.pid)
        wire = ["ip", "link", "add", "uplink", "type", "veth", "peer", "name", "wan", "netns", str(holder.pid)]
        subprocess.run(wire, check=True)
        subprocess.run(["ip", "address", "add", f"{_HOST}/24", "dev", "uplink"], check=True)
        subprocess.run(["ip", "link", "set", "uplink", "up"], check=True)
        subprocess.run(["ip", "route", "add", "default", "via", _OUTSIDE], check=True)
        there.run("ip", "address", "add", f"{_OUTSIDE}/24", "dev", "wan")
        there.run("ip", "link", "set", "wan", "up")
        with subprocess.Popen(there.argv("iperf3", "-s"), stdout=subprocess.DEVNULL) as server:
            try:
                yield there
            finally:
                server.terminate()
    finally:
        holder.kill()
        holder.wait()


def prepare(contender: Contender, image: str) -> None:
    contender.call("pull", "--quiet", image)
    contender.call("network", "create", _NETWORK)
    base = ("run", "--detach", "--network", _NETWORK, *_PROGRAMS)
    contender.call(*base, "--name", _SERVER, "--publish", str(_PORT), image, "iperf3", "-s")
    contender.call(*base, "--name", _CLIENT, image, "sleep", "infinity")
    contender.call("run", "--detach", "--name", _IDLE, contender.image, "sleep", "100000")


def tidy(contender: Contender) -> None:
    if listed := contender.docker("ps", "--all", "--quiet").split():
        contender.call("rm", "--force", *listed)
    contender.call("network", "rm", _NETWORK)


def throughput(argv: list[str], environment: Mapping[str, str] | None = None) -> float:
    """Bits a second that the server got."""
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment, timeout=_PATIENCE)
    return float(json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"])


def between_containers(contender: Contender, _: Outside, client: list[str]) -> float:
    shown = json.loads(contender.docker("inspect", _SERVER))[0]["NetworkSettings"]["Networks"][_NETWORK]
    return _from_container(contender, [*client, "-c", shown["IPAddress"]])


def to_the_outside(contender: Contender, _: Outside, client: list[str]) -> float:
    return _from_container(contender, [*client, "-c", _OUTSIDE])


def by_a_published_port(contender: Contender, there: Outside, client: list[str]) -> float:
    port = contender.docker("port", _SERVER, f"{_PORT}/tcp").splitlines()[0].rpartition(":")[2]
    return throughput(there.argv(*client, "-c", _HOST, "-p", port))


def _from_container(contender: Contender, client: list[str]) -> float:
    return throughput(contender.docker.argv("exec", _CLIENT, *client), dict(contender.docker.environment))


WAYS: Final[Mapping[str, Callable[[Contender, Outside, list[str]], float]]] = MappingProxyType(
    {
        "container-container": between_containers,
        "container-outside": to_the_outside,
        "outside-published": by_a_published_port,
    }
)


def compare_throughput(contenders: list[Contender], there: Outside, rounds: int, seconds: int) -> None:
    """In turns, each the first as often as the other."""
    client = ["iperf3", "--json", "--time", str(seconds), "--omit", "1"]
    for name, way in WAYS.items():
        seen: dict[str, list[float]] = {contender.name: [] for contender in contenders}
        for number in range(rounds):
            for contender in contenders if number % 2 else reversed(contenders):
                seen[contender.name].append(way(contender, there, client))
        first, second = (statistics.median(values) / 1e9 for values in seen.values())
        speeds = f"portside {first:6.2f} Gbit/s   dockerd {second:6.2f} Gbit/s"
        print(f"{name:<22} {speeds}   ratio {first / second:.2f} (goal 1.0)", flush=True)


def life_of_a_network(contender: Contender) -> None:
    """Made, a running container put on it and taken off it, removed."""
    ask(contender, "POST", "/networks/create", {"Name": "short"})
    ask(contender, "POST", "/networks/short/connect", {"Container": _IDLE})
    ask(contender, "POST", "/networks/short/disconnect", {"Container": _IDLE})
    ask(contender, "DELETE", "/networks/short")


def compare_lives(contenders: list[Contender], rounds: int) -> None:
    ratio = alternate(contenders, life_of_a_network, rounds=rounds, warm_up=1)
    times = "   ".join(f"{each.name} {each.median * 1000:6.0f} ms" for each in contenders)
    print(f"{'create-connect-remove':<22} {times}   ratio {ratio:.2f} (goal 0.6)")


def compare_starts(contenders: list[Contender], rounds: int) -> None:
    """A start with a network and a published port against one with none."""
    for contender in contenders:
        with_one, without = [], []
        for _ in range(rounds):
            without.append(_start(contender, NetworkMode="none"))
            with_one.append(_start(contender, NetworkMode=_NETWORK, PortBindings={"80/tcp": [{"HostPort": ""}]}))
        cost = (statistics.median(with_one) - statistics.median(without)) * 1000
        print(
            f"{'network of a start':<22} {contender.name} {cost:6.1f} ms"
            + (" (goal 30)" * (contender is contenders[0]))
        )


def _start(contender: Contender, **host: Any) -> float:
    """Seconds that POST /start takes."""
    body = {"Image": contender.image, "Cmd": ["sleep", "1000"], "HostConfig": host}
    container = ask(contender, "POST", "/containers/create", body).json["Id"]
    begin = time.perf_counter()
    ask(contender, "POST", f"/containers/{container}/start")
    taken = time.perf_counter() - begin
    ask(contender, "DELETE", f"/containers/{container}?force=1")
    time.sleep(_SETTLE)
    return taken


def ask(contender: Contender, method: str, target: str, body: object = None) -> api.Answer:
    answer = api.request(contender.docker.socket, method, target, body)
    if answer.status >= 400:
        sys.exit(f"{contender.name} refused {method} {target}: {answer.message}")
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description="measure networks beside dockerd's")
    parser.add_argument("--rounds", type=int, default=5, help="counted turns of each daemon (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of one transfer (default: 3)")
    arguments = parser.parse_args()
    if shutil.which("iperf3") is None:
        sys.exit("there is no iperf3: apt-get install iperf3")
    with side_by_side("benchmarks.networks") as contenders, outside() as there:
        image = contenders[0].registry.push(images.debian(), "debian:bookworm")
        for contender in contenders:
            prepare(contender, image)
        compare_throughput(contenders, there, arguments.rounds, arguments.seconds)
        compare_lives(contenders, 2 * arguments.rounds)
        compare_starts(contenders, 2 * arguments.rounds)
        for contender in contenders:
            tidy(contender)


if __name__ == "__main__":
    main()
