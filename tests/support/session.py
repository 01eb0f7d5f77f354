"""What one run of the suite owns: a short directory, and a mark that every process it starts inherits."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
MARK: Final = "PORTSIDE_TEST_SESSION"

# The path is short because a unix socket's is limited to 108 bytes, and pytest's own directories are deep.
ROOT: Final = Path(tempfile.gettempdir(), f"ps-{secrets.token_hex(4)}")
os.environ[MARK] = ROOT.name


def directory(name: str) -> Path:
    """A new directory of this run, readable by every user: the console's parts run without root."""
    ROOT.mkdir(exist_ok=True)
    ROOT.chmod(0o755)
    path = Path(tempfile.mkdtemp(prefix=f"{name[:8]}-", dir=ROOT))
    path.chmod(0o755)
    return path


def cache() -> Path:
    """Where what is slow to make is kept from run to run: `$XDG_CACHE_HOME/portside`, or `.cache` in the checkout."""
    base = os.environ.get("XDG_CACHE_HOME")
    path = Path(base) / "portside" if base else CHECKOUT / ".cache"
    path.mkdir(parents=True, exist_ok=True)
    return path


@atexit.register
def _remove() -> None:
    # A mount that is still there stops the removal at its mountpoint; the leak check has named it by then.
    shutil.rmtree(ROOT, ignore_errors=True)
