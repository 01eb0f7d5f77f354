"""Docker's build messages, as steps and lines."""

from dashboard.jobs.output.entries import Status
from workers.steps import BuildProgress


class Heard:
    """What a job's writer was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[tuple[int, int, str, Status]] = []

    def line(self, text: str) -> None:
        self.lines += text.split("\n")

    def layer(self, layer: str, status: str, current: int = 0, total: int = 0) -> None:
        self.lines.append(f"{layer} {status}")

    def step(self, number: int, total: int, title: str, status: Status) -> None:
        self.steps.append((number, total, title, status))


def hear(*texts: str, failed: bool = False) -> tuple[Heard, BuildProgress]:
    out = Heard()
    progress = BuildProgress(out)
    for text in texts:
        progress.take({"stream": text})
    progress.end(failed=failed)
    return out, progress


def test_steps_begin_and_end_and_what_they_say_is_between() -> None:
    out, progress = hear("Step 1/2 : FROM a\n", " ---> abc\n", "Step 2/2 : RUN b\n", "one\ntwo\n")
    assert out.steps == [
        (1, 2, "FROM a", Status.RUNNING),
        (1, 2, "FROM a", Status.DONE),
        (2, 2, "RUN b", Status.RUNNING),
        (2, 2, "RUN b", Status.DONE),
    ]
    assert out.lines == [" ---> abc", "one", "two"]
    assert progress.percent == 50


def test_messages_that_cut_lines_anywhere_say_the_same() -> None:
    text = "Step 1/1 : RUN x\n ---> Using cache\nout\n"
    whole, _ = hear(text)
    cut, _ = hear(*text)
    assert (whole.steps, whole.lines) == (cut.steps, cut.lines)
    assert whole.steps[-1][3] is Status.CACHED


def test_a_failure_is_the_last_step_s() -> None:
    out, _ = hear("Step 1/3 : FROM a\n", "Step 2/3 : RUN exit 1\n", failed=True)
    assert [status for *_step, status in out.steps] == [Status.RUNNING, Status.DONE, Status.RUNNING, Status.FAILED]


def test_a_line_that_is_drawn_anew_counts_as_it_was_last() -> None:
    out, _ = hear("10%\r50%\r100%\r\nrest")
    assert out.lines == ["100%", "rest"]


def test_the_image_and_the_pulls_are_told() -> None:
    out = Heard()
    progress = BuildProgress(out)
    progress.take({"status": "Pulling fs layer", "id": "abc"})
    progress.take({"aux": {"ID": "sha256:1"}})
    assert out.lines == ["abc Pulling fs layer"]
    assert progress.image == "sha256:1"
