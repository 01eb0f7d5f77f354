"""`docker run --rm busybox true`: how long it takes by the docker client, on Portside and on dockerd.

python -m benchmarks.run_true [--rounds N]
"""

import argparse
from typing import Final

from benchmarks.contenders import Contender, alternate, side_by_side

_WARM_UP: Final = 3


def run_true(contender: Contender) -> None:
    contender.call("run", "--rm", contender.image, "true")


def main() -> None:
    parser = argparse.ArgumentParser(description="time `docker run --rm busybox true` beside dockerd")
    parser.add_argument("--rounds", type=int, default=25, help="runs on each daemon (default: 25)")
    rounds = parser.parse_args().rounds
    with side_by_side("benchmarks.run_true") as contenders:
        ratio = alternate(contenders, run_true, rounds=rounds, warm_up=_WARM_UP)
        print(*contenders, f"ratio     {ratio:.2f}", sep="\n")


if __name__ == "__main__":
    main()
