"""The browser's side of the protocol passes its own tests, on the same bytes as the server's."""

import subprocess
from pathlib import Path


def test_the_browsers_side_of_the_protocol() -> None:
    script = Path(__file__).with_name("script.test.js")
    done = subprocess.run(["node", "--test", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
