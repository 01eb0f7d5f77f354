"""Names of layers in the file system."""

import pytest

from engine.errors import InvalidParameter
from engine.graphdriver.layout import NAME_LENGTH, layer_name
from tests.engine.graphdriver.suite import chain


def test_layer_names_are_short_and_of_safe_characters() -> None:
    name = layer_name(chain("x"))
    assert len(name) == NAME_LENGTH
    assert not set(name) & set(":,\\/.")


@pytest.mark.parametrize(
    "name", ["", "sha256:", "sha256:../../x", "sha512:" + "0" * 128, "0" * 64, "sha256:" + "0" * 62]
)
def test_what_is_no_chain_id(name: str) -> None:
    with pytest.raises(InvalidParameter, match="chain ID"):
        layer_name(name)
