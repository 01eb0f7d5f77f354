"""What of a file is needed, side by side or one after the other, and what a stage learns late."""

import pytest

from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.parse import parse
from engine.build.dockerfile.plan import ContextOrigin, ImageOrigin, Plan, StageOrigin, plan

DIAMOND = b"""\
FROM debian AS base
FROM base AS left
FROM base AS right
FROM base AS unused
FROM base
COPY --from=left /l /l
RUN --mount=from=right,target=/r true
"""


def planned(text: bytes, target: str = "") -> Plan:
    return plan(parse(text), target)


def test_independent_stages_can_be_told():
    made = planned(DIAMOND)
    needs = {stage.index: set(stage.needs) for stage in made.stages}
    assert needs == {0: set(), 1: {0}, 2: {0}, 4: {0, 1, 2}}
    assert made.target.index == 4


def test_a_target_needs_less():
    assert [stage.index for stage in planned(DIAMOND, "right").stages] == [0, 2]


def test_every_stage_follows_what_it_needs():
    made = planned(b"FROM a AS x\nCOPY --from=z /a /a\nFROM x AS y\nFROM a AS z\nFROM y\n")
    seen: set[int] = set()
    for stage in made.stages:
        assert stage.needs <= seen
        seen.add(stage.index)


def test_names_of_a_base_images_triggers_are_looked_up_late():
    made = planned(DIAMOND)
    origins = made.target.origins
    assert origins["left"] == StageOrigin(1)
    assert "busybox" not in origins
    assert origins["busybox"] == ImageOrigin("busybox")
    assert origins["base"] == StageOrigin(0)


@pytest.mark.parametrize(("stage", "name"), [(0, "left"), (1, "1"), (1, "unused"), (0, "9")])
def test_triggers_can_not_wait_for_what_waits_for_them(stage, name):
    made = planned(DIAMOND)
    with pytest.raises(ParseError, match=f"line {stage + 1}: "):
        _ = next(one for one in made.stages if one.index == stage).origins[name]


def test_named_contexts_win():
    made = plan(parse(b"FROM debian\nCOPY --from=busybox /a /a\n"), contexts=["busybox"])
    assert made.target.origins["busybox"] == ContextOrigin("busybox")
