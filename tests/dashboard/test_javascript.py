"""The browser's modules that need no browser, by Node's own test runner."""

import subprocess

import pytest

from tests.support.session import CHECKOUT

TESTS = sorted((CHECKOUT / "tests" / "js").glob("*.test.js"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_module(path: object) -> None:
    done = subprocess.run(["node", "--test", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
