import pytest

from engine.container.config import ContainerConfig, LogConfig
from engine.container.logs.policy import LogPolicy, details_of, policy_of, tag_of
from engine.errors import InvalidParameter, NotSupported


@pytest.mark.parametrize(
    ("driver", "options", "expected"),
    [
        ("", None, LogPolicy(max_size=20_000_000, max_files=5)),
        ("local", {}, LogPolicy(max_size=20_000_000, max_files=5)),
        ("none", None, LogPolicy(in_files=False)),
        ("json-file", {"max-size": "10m"}, LogPolicy(max_size=10_000_000, max_files=1)),
        ("local", {"max-size": "1.5kB"}, LogPolicy(max_size=1500, max_files=5)),
        ("json-file", {"max-size": "1g", "max-file": "3"}, LogPolicy(max_size=10**9, max_files=3)),
        ("json-file", {"max-size": "-1"}, LogPolicy(max_size=None, max_files=1)),
        ("json-file", {"mode": "blocking", "compress": "false"}, LogPolicy()),
    ],
)
def test_what_is_kept(driver, options, expected):
    assert policy_of(LogConfig(driver, options)) == expected


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"max-size": "much"}, InvalidParameter, "invalid size: 'much'"),
        ({"max-size": "0"}, InvalidParameter, "max-size must be a positive number"),
        ({"max-file": "0"}, InvalidParameter, "max-file cannot be less than 1"),
        ({"max-file": "few"}, InvalidParameter, "few"),
        ({"env-regex": "("}, InvalidParameter, "regular expression"),
        ({"colour": "red"}, InvalidParameter, "unknown log opt 'colour' for json-file log driver"),
        ({"compress": "true"}, NotSupported, "compress=true"),
        ({"tag": "x"}, NotSupported, "'tag'"),
    ],
)
def test_what_can_not_be(options, error, words):
    with pytest.raises(error, match=words):
        policy_of(LogConfig("json-file", options))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"labels": "a"}, NotSupported, "'labels' is not supported for journald"),
        ({"mode": "non-blocking"}, NotSupported, "mode=non-blocking"),
        ({"tag": "{{.DaemonName}}"}, NotSupported, "tag={{.DaemonName}} is not supported"),
        ({"max-size": "1m"}, InvalidParameter, "unknown log opt 'max-size' for journald log driver"),
        ({"compress": "false"}, InvalidParameter, "unknown log opt 'compress' for journald log driver"),
    ],
)
def test_what_the_journal_does_not_take(options, error, words):
    with pytest.raises(error, match=words):
        policy_of(LogConfig("journald", options))


def test_a_log_in_the_journal_has_a_tag():
    for options, tag in (({}, "abcdefabcdef"), ({"tag": "{{.Name}}-{{.ImageName}}"}, "web-nginx"), ({"tag": "x"}, "x")):
        policy = policy_of(LogConfig("journald", options))
        assert not policy.in_files
        assert tag_of(policy.journal_tag or "", identifier="abcdef" * 10, name="web", image="nginx") == tag


def test_a_driver_that_is_not_there():
    with pytest.raises(NotSupported, match="log driver 'syslog'"):
        policy_of(LogConfig("syslog"))


def test_details_are_the_chosen_labels_and_variables():
    config = ContainerConfig(labels={"app": "a b", "tier": "1", "x": "y"}, env=["HOME=/", "LANG=C", "PATH=/bin"])
    options = LogConfig("", {"labels": "app,none", "labels-regex": "^ti", "env": "HOME", "env-regex": "^LA"})
    assert details_of(config, options) == "HOME=%2F,LANG=C,app=a+b,tier=1"
    assert details_of(config, LogConfig()) == ""
