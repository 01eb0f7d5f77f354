"""The host's Python as the files of an image: interpreter, standard library, what they are linked to, and pip."""

import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_LIBRARY: Final = re.compile(r"(/\S+) \(0x")
_LEFT_OUT: Final = (
    "__pycache__",
    "test",
    "idlelib",
    "lib2to3",
    "tkinter",
    "turtledemo",
    "*.a",
    "config-*",
    "EXTERNALLY-MANAGED",
)
_PIP: Final = "#!/usr/bin/python3\nfrom pip._internal.cli.main import main\nraise SystemExit(main())\n"


def lay_out(root: Path) -> None:
    """Copy all of it below `root`, to where it is on the host; `python`, `python3` and `pip` are on PATH."""
    interpreter = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    for path in (interpreter, *_linked_to([interpreter, *library.rglob("*.so")])):
        _copy(path, root)
    shutil.copytree(library, _below(root, library), ignore=shutil.ignore_patterns(*_LEFT_OUT))
    programs = root / "usr/bin"
    for name in ("python", "python3"):
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(interpreter)
    # In the library itself: where else packages are looked for, distributions have their own ideas.
    shutil.copytree(_pip(), _below(root, library) / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    (programs / "pip").write_text(_PIP)
    (programs / "pip").chmod(0o755)


def wheel(path: Path, name: str, module: str) -> None:
    """Write the wheel of a package of one module, whose text is `module`."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", module)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


def _pip() -> Path:
    found = importlib.util.find_spec("pip")
    assert found is not None, "the suite's own environment has no pip to copy"
    assert found.origin is not None
    return Path(found.origin).parent


def _linked_to(programs: Iterable[Path]) -> set[Path]:
    said = subprocess.run(["ldd", *map(str, programs)], check=True, capture_output=True, text=True).stdout
    return {Path(path) for path in _LIBRARY.findall(said)}


def _copy(path: Path, root: Path) -> None:
    target = _below(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
