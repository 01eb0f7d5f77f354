import json

import pytest

from engine.container import seccomp
from engine.container.capabilities import DEFAULT
from engine.errors import InvalidParameter


def names(filter_, action="SCMP_ACT_ALLOW"):
    return {name for rule in filter_["syscalls"] if rule["action"] == action for name in rule["names"]}


def test_the_default_profile_follows_the_capabilities():
    plain = seccomp.default_filter(DEFAULT)
    powerful = seccomp.default_filter((*DEFAULT, "CAP_SYS_ADMIN"))
    assert plain["defaultAction"] == "SCMP_ACT_ERRNO"
    assert "read" in names(plain)
    assert not {"mount", "unshare", "setns", "keyctl", "reboot", "clone3"} & names(plain)
    assert {"mount", "unshare", "setns", "clone3"} <= names(powerful)
    assert "keyctl" not in names(powerful)
    assert {"mount", "unshare", "keyctl"} <= names(plain, "SCMP_ACT_ERRNO")


def test_for_a_runtime_that_knows_new_calls_it_is_a_list_of_what_is_allowed():
    for capabilities in (DEFAULT, (*DEFAULT, "CAP_SYS_ADMIN")):
        plain = seccomp.default_filter(capabilities)
        short = seccomp.default_filter(capabilities, knows_new_calls=True)
        assert (short["defaultAction"], short["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)
        assert names(short) == names(plain)
        assert names(short, "SCMP_ACT_ERRNO") == ({"clone3"} - names(plain))
        assert "SCMP_ARCH_X86" in short["architectures"] or "SCMP_ARCH_X86_64" not in short["architectures"]


def test_without_the_capability_clone_makes_no_namespaces():
    (clone,) = [rule for rule in seccomp.default_filter(DEFAULT)["syscalls"] if rule["names"] == ["clone"]]
    assert clone["args"] == [{"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]


def test_conditions_are_resolved():
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "defaultErrnoRet": 38,
        "syscalls": [
            {"names": ["a"], "action": "SCMP_ACT_KILL", "includes": {"minKernel": "99.0"}},
            {"names": ["b"], "action": "SCMP_ACT_KILL", "excludes": {"caps": ["CAP_CHOWN"]}},
            {"names": ["c"], "action": "SCMP_ACT_KILL", "includes": {"arches": ["pdp11"]}},
            {"name": "d", "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{"index": 0, "value": 1, "op": "X"}]},
        ],
    }
    compiled = seccomp.compile_profile(profile, ["CAP_CHOWN"])
    assert [rule["names"] for rule in compiled["syscalls"]] == [["d"]]
    assert compiled["syscalls"][0]["errnoRet"] == 1
    assert compiled["defaultErrnoRet"] == 38


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", json.dumps({"defaultAction": "A", "syscalls": [{}]})])
def test_a_broken_profile_is_a_bad_parameter(text):
    with pytest.raises(InvalidParameter, match="Decoding seccomp profile failed"):
        seccomp.custom_filter(text, ())
