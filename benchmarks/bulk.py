"""An image to carry about: five layers, 900 MB unpacked, of what images are made of, the same bytes each time.

Text compresses to a third, random bytes not at all, and programs lie between; one layer is of many small files.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.support import oci, session

_MB: Final = 1_000_000
_TEXT: Final = 4 * _MB
_SMALL_FILES: Final = 20_000


def bulk() -> Path:
    """The OCI layout, made anew: it takes some ten seconds and 1.5 GB of the disk while it is made."""
    folder = session.directory("bulk")
    layout = oci.Layout.create(folder / "layout")
    layers = []
    for number, fill in enumerate((_texts, _noise, _small, _programs, _mixture)):
        root = folder / f"layer-{number}"
        root.mkdir()
        fill(root / f"part-{number}", random.Random(number))
        layers.append(layout.add_tree(root))
        shutil.rmtree(root)
    layout.finish(
        layers,
        {"Cmd": ["/none"], "Labels": {"bulk": "900 MB"}},
        [f"ADD part {number}" for number in range(len(layers))],
    )
    return layout.path


def _texts(folder: Path, chance: random.Random) -> None:
    _write(folder, 40, 5 * _MB, lambda: _rotated(_words(chance), chance))


def _noise(folder: Path, chance: random.Random) -> None:
    _write(folder, 3, 50 * _MB, lambda: chance.randbytes(_MB))


def _small(folder: Path, chance: random.Random) -> None:
    text = _words(chance)
    for number in range(_SMALL_FILES):
        path = folder / f"{number % 200:03}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        start, size = chance.randrange(_TEXT // 2), chance.randrange(200, 9800)
        path.write_bytes(text[start : start + size])


def _programs(folder: Path, chance: random.Random) -> None:
    text = _words(chance)
    _write(folder, 250, _MB, lambda: b"".join(_woven(text, chance)))


def _mixture(folder: Path, chance: random.Random) -> None:
    _texts(folder / "texts", chance)
    (folder / "one-large-file").write_bytes(chance.randbytes(10 * _MB))


def _woven(text: bytes, chance: random.Random) -> Iterator[bytes]:
    """Text with noise in between: half of it compresses, as in programs."""
    for start in range(0, _MB, 1000):
        yield text[start : start + 700] + chance.randbytes(300)


def _words(chance: random.Random) -> bytes:
    vocabulary = [chance.randbytes(chance.randrange(1, 6)).hex().encode() for _ in range(5000)]
    words = chance.choices(vocabulary, k=_TEXT // 6)
    return b" ".join(words)[:_TEXT]


def _rotated(text: bytes, chance: random.Random) -> bytes:
    cut = chance.randrange(len(text))
    return text[cut:] + text[:cut]


def _write(folder: Path, files: int, size: int, piece: Callable[[], bytes]) -> None:
    folder.mkdir(parents=True)
    for number in range(files):
        with (folder / f"{number}.bin").open("wb") as file:
            while (left := size - file.tell()) > 0:
                file.write(piece()[:left])
