import pytest

from engine.errors import InvalidParameter
from engine.server.filters import parse_filters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("{}", {}),
        ('{"label": ["a", "b=c"]}', {"label": ["a", "b=c"]}),
        ('{"label": {"a": true, "b=c": true}}', {"label": ["a", "b=c"]}),
        ('{"label": {"a": true, "b": false}}', {"label": ["a"]}),
        ('{"name": []}', {"name": []}),
        ('{"name": ["x", "x"], "id": {"y": true}}', {"name": ["x"], "id": ["y"]}),
    ],
)
def test_both_shapes(text: str, expected: dict[str, list[str]]):
    assert parse_filters(text) == expected


@pytest.mark.parametrize("text", ["x", "[]", '"a"', "{", '{"a": "b"}', '{"a": [1]}', '{"a": 1}', '{"a": null}'])
def test_anything_else_is_refused(text: str):
    with pytest.raises(InvalidParameter, match="invalid filter"):
        parse_filters(text)


def test_depth_is_no_way_down():
    with pytest.raises(InvalidParameter):
        parse_filters("[" * 100_000)
