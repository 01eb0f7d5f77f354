"""A program that root starts for the console's user, from a checkout where only root may go."""

import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.settings import CHECKOUT, Settings
from supervisor.unprivileged import command
from tests.support import session

pytestmark = pytest.mark.root


@pytest.fixture
def settings() -> Settings:
    """An installation whose console's user is one that every system has."""
    run = session.directory("run")
    (run / "app").mkdir()
    return Settings.from_environment({"PORTSIDE_RUN": str(run), "PORTSIDE_USER": "nobody"})


def run(settings: Settings, *argv: str, checkout: Path = CHECKOUT) -> str:
    done = subprocess.run(command(settings, *argv), cwd=checkout, capture_output=True, text=True, check=True)
    return done.stdout


def test_it_has_no_rights_left(settings: Settings) -> None:
    status = dict(line.split(":\t", 1) for line in run(settings, "cat", "/proc/self/status").splitlines())

    assert set(status["Uid"].split()) == {"65534"}
    assert status["Groups"].split() in ([], ["65534"])
    assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == int(status["CapInh"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_it_sees_the_code_and_cannot_write_it(settings: Settings) -> None:
    assert run(settings, "pwd").strip() == str(settings.app)
    assert (
        run(settings, "python", "-c", "import dashboard; print(dashboard.__file__)")
        .strip()
        .startswith(str(settings.app))
    )
    with pytest.raises(subprocess.CalledProcessError):
        run(settings, "touch", "word")
    assert list(settings.app.iterdir()) == [], "outside the program's own namespace there is no mount"


def test_a_closed_directory_above_the_checkout_does_not_matter(settings: Settings) -> None:
    closed = session.directory("closed")
    closed.chmod(0o700)
    copy = closed / "checkout"
    (copy / ".venv/bin").mkdir(parents=True)
    for name in ("supervisor", "manage.py"):
        subprocess.run(["cp", "-r", CHECKOUT / name, copy / name], check=True)
    (copy / ".venv/bin/python").symlink_to(sys.executable)

    assert "administration" in run(settings, "cat", "manage.py", checkout=copy)


def test_it_holds_no_container_of_anybody_alive(settings: Settings, tmp_path: Path) -> None:
    names = ("lower", "upper", "work", "merged")
    lower, upper, work, merged = (tmp_path / name for name in names)
    for folder in (lower, upper, work, merged):
        folder.mkdir()
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, merged], check=True)
    try:
        assert str(merged) not in run(settings, "cat", "/proc/self/mounts")
    finally:
        subprocess.run(["umount", merged], check=True)
