"""`docker build` on Portside and on dockerd: a build without a cache, the same again, and a large unchanged context.

python -m benchmarks.build [--rounds N] [NAME …]
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.contenders import Contender, alternate, side_by_side
from tests.support.memory import MemoryWatch

_STAGES: Final = """\
FROM {base} AS compile
WORKDIR /src
COPY . .
RUN ls | wc -l > count
RUN cat part-0/* > all
FROM {base} AS assets
COPY part-1 /assets
RUN cat /assets/* | md5sum > /assets.sum
FROM {base}
COPY --from=compile /src/all /app/all
COPY --from=assets /assets.sum /app/
RUN cat /app/assets.sum
RUN wc -c /app/all > /app/size
CMD ["cat", "/app/size"]
"""
_LARGE: Final = "FROM {base}\nCOPY . /data\nRUN ls /data > /listing\n"


def three_stages(folder: Path, base: str) -> None:
    """500 files and five RUN steps."""
    _fill(folder, 500, 2000)
    (folder / "Dockerfile").write_text(_STAGES.format(base=base))


def large(folder: Path, base: str) -> None:
    """20,000 files, 200 MB."""
    _fill(folder, 20_000, 10_240)
    (folder / "Dockerfile").write_text(_LARGE.format(base=base))


def _fill(folder: Path, files: int, size: int) -> None:
    chance = random.Random(files)
    for number in range(files):
        path = folder / f"part-{number % 50}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(size))


def _build(folder: Path, contender: Contender, *options: str) -> None:
    contender.call("build", "--quiet", *options, str(folder))


def uncached(folder: Path, contender: Contender) -> None:
    _build(folder, contender, "--no-cache")


def cached(folder: Path, contender: Contender) -> None:
    _build(folder, contender)


#: How the context is made, what is timed, and the most that its ratio shall be.
Case = tuple[Callable[[Path, str], None], Callable[[Path, Contender], None], float]
CASES: Final[Mapping[str, Case]] = MappingProxyType(
    {
        "no-cache": (three_stages, uncached, 0.5),
        "cached": (three_stages, cached, 0.6),
        "large-unchanged": (large, cached, 0.5),
    }
)


def main() -> None:
    parser = argparse.ArgumentParser(description="time docker build beside dockerd")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: all): {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5, help="counted turns of each daemon (default: 5)")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    with side_by_side("benchmarks.build") as contenders:
        for name in arguments.names or CASES:
            with MemoryWatch(contenders[0].pid) as watch:
                _measure(name, contenders, arguments.rounds)
            print(f"{'':<18} {watch}", flush=True)


def _measure(name: str, contenders: list[Contender], rounds: int) -> None:
    fill, what, goal = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), contenders[0].image)
        ratio = alternate(contenders, partial(what, Path(folder)), rounds=rounds, warm_up=1)
        times = "   ".join(f"{each.name} {each.median * 1000:6.0f} ms" for each in contenders)
        print(f"{name:<18} {times}   ratio {ratio:.2f} (goal {goal})", flush=True)


if __name__ == "__main__":
    main()
