from pathlib import Path

import pytest

from engine.config import Config
from engine.errors import InvalidParameter


def test_the_environment_is_read():
    config = Config.from_environment(
        {
            "PORTSIDE_HOME": "/h",
            "PORTSIDE_RUN": "/r",
            "PORTSIDE_REGISTRY_MIRRORS": "https://a, https://b,",
            "PORTSIDE_DEBUG": "1",
        }
    )
    assert (config.home, config.run, config.socket) == (Path("/h"), Path("/r"), Path("/r/engine.sock"))
    assert config.registry_mirrors == ("https://a", "https://b")
    assert config.debug
    assert Config.from_environment({}).is_default_instance


def test_a_relative_directory_is_an_error_that_names_it():
    with pytest.raises(InvalidParameter, match="PORTSIDE_HOME must be an absolute path, not 'x'"):
        Config.from_environment({"PORTSIDE_HOME": "x"})


def test_two_instances_share_no_name():
    one, two = Config(home=Path("/a")), Config(home=Path("/a"), run=Path("/b"))
    for attribute in ("bridge", "nft_table", "cgroup_parent", "instance"):
        assert len({getattr(each, attribute) for each in (Config(), one, two)}) == 3
    assert len(one.bridge) <= 15


@pytest.mark.parametrize(
    ("host", "insecure"),
    [
        ("127.0.0.1:5000", True), ("127.9.9.9", True), ("localhost:5000", True), ("[::1]:5000", True),
        ("registry.test", False), ("plain.test:5000", True), ("any.test:77", True), ("any.test", True),
        ("10.1.2.3:5000", True), ("10.2.0.1", False),
    ],
)  # fmt: skip
def test_which_registries_may_be_plain(host, insecure):
    config = Config(insecure_registries=("plain.test:5000", "any.test", "10.1.0.0/16"))
    assert config.is_insecure(host) is insecure
