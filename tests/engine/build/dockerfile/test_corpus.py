"""The corpus: each `NAME.Dockerfile` with the plan, or the error, that `NAME.plan` expects of it.

`PORTSIDE_WRITE_PLANS=1` writes the plans anew, for people to look at the difference.
"""

import os
from pathlib import Path

import pytest

from tests.engine.build.dockerfile.outline import outline

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.Dockerfile"))


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_the_expected_one(name):
    expected = CORPUS / f"{name}.plan"
    before = expected.read_text() if expected.exists() else ""
    given = [line.removeprefix("given ") for line in before.splitlines() if line.startswith("given ")]
    found = outline((CORPUS / f"{name}.Dockerfile").read_bytes(), given)
    if "PORTSIDE_WRITE_PLANS" in os.environ:
        expected.write_text(found)
    assert found == expected.read_text()


def test_the_corpus_is_whole():
    """Each plan has its file, and there are as many as are needed to speak of the language."""
    assert sorted(path.stem for path in CORPUS.glob("*.plan")) == NAMES
    assert len(NAMES) >= 150
