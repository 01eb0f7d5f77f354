"""Docker's progress messages, read."""

import pytest

from workers.progress import PullProgress


class Recorder:
    def __init__(self) -> None:
        self.said: list[object] = []

    def line(self, text: str) -> None:
        self.said.append(text)

    def layer(self, layer: str, status: str, current: int = 0, total: int = 0) -> None:
        self.said.append((layer, status, current, total))


@pytest.fixture
def out() -> Recorder:
    return Recorder()


def test_what_the_engine_says_is_shown_and_the_digest_kept(out: Recorder) -> None:
    progress = PullProgress(out)
    for message in (
        {"status": "Pulling from library/redis", "id": "7"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "abc"},
        {"status": "Downloading", "progressDetail": {"current": 5, "total": 10}, "progress": "[=>]", "id": "abc"},
        {"status": "Digest: sha256:1234"},
        {"status": "Status: Downloaded newer image for redis:7"},
        {},
    ):
        progress.take(message)
    assert out.said == [
        "7: Pulling from library/redis",
        ("abc", "Pulling fs layer", 0, 0),
        ("abc", "Downloading", 5, 10),
        "Digest: sha256:1234",
        "Status: Downloaded newer image for redis:7",
    ]
    assert progress.digest == "sha256:1234"


def test_the_percentage_never_falls_and_leaves_the_end_to_the_engine(out: Recorder) -> None:
    progress = PullProgress(out)
    seen = [progress.percent]
    progress.take({"status": "Pulling fs layer", "id": "b"})
    for status, current in (
        ("Pulling fs layer", 0), ("Downloading", 50), ("Downloading", 100), ("Verifying Checksum", 0),
        ("Download complete", 0), ("Extracting", 50), ("Extracting", 100), ("Pull complete", 0),
    ):  # fmt: skip
        detail = {"current": current, "total": 100} if current else {}
        progress.take({"status": status, "id": "a", "progressDetail": detail})
        seen.append(progress.percent)
    assert seen == sorted(seen)
    assert seen[-1] == 50
    progress.take({"status": "Already exists", "id": "b"})
    assert progress.percent == 99


def test_a_layer_that_is_done_keeps_its_size(out: Recorder) -> None:
    progress = PullProgress(out)
    progress.take({"status": "Extracting", "id": "a", "progressDetail": {"current": 3, "total": 100}})
    progress.take({"status": "Pull complete", "id": "a", "progressDetail": {}})
    assert out.said[-1] == ("a", "Pull complete", 100, 100)
