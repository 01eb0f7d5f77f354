"""What a saved build builds."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from dashboard.builds.definition import unmasked
from dashboard.jobs.output.redact import MASK
from tests.dashboard.builds.conftest import definition

GIT = {"type": "git", "url": "https://git.example/app.git"}
NOW = datetime(2026, 5, 28, 23, 30, tzinfo=UTC)


def test_tags_have_the_day_and_the_number() -> None:
    assert definition().params(number=7, now=NOW)["tags"] == ["app:20260528-7"]


def test_the_commit_is_left_to_the_worker() -> None:
    assert definition(source=GIT, tags=["app:{commit}"]).params(number=1, now=NOW)["tags"] == ["app:{commit}"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"tags": ["app:{commit}"]}, "only a repository has a"),
        ({"tags": ["app:{weekday}"]}, "tags.0"),
        ({"tags": [], "push": True}, "a push needs a tag"),
        ({"tags": [], "redeploy": True}, "a redeployment needs a tag"),
        ({"dockerfile": "../Dockerfile"}, "not a path within"),
        ({"source": {**GIT, "url": "--upload-pack=x"}}, "source"),
    ],
)
def test_what_can_not_be_built_is_refused_when_it_is_saved(fields, told) -> None:
    with pytest.raises(ValidationError, match=told):
        definition(**fields)


def test_a_run_may_ask_for_new_bases() -> None:
    assert definition().params(number=1, now=NOW, pull=True)["pull"] is True


def test_a_masked_argument_that_comes_back_is_what_it_was() -> None:
    assert unmasked({"TOKEN": MASK, "COLOUR": "red"}, {"TOKEN": "x"}) == {"TOKEN": "x", "COLOUR": "red"}
