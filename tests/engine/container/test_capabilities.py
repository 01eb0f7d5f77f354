import pytest

from engine.container.capabilities import ALL, DEFAULT, effective_set, own_bounding_set
from engine.errors import InvalidParameter


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        ((), (), set(DEFAULT)),
        (("net_admin",), (), {*DEFAULT, "CAP_NET_ADMIN"}),
        ((), ("CAP_MKNOD",), {*DEFAULT} - {"CAP_MKNOD"}),
        ((), ("ALL",), set()),
        (("CHOWN",), ("all",), {"CAP_CHOWN"}),
        (("ALL",), ("SYS_ADMIN",), own_bounding_set() - {"CAP_SYS_ADMIN"}),
    ],
)
def test_add_and_drop(add, drop, expected):
    assert set(effective_set(add, drop, privileged=False)) == expected


def test_privileged_gives_what_the_host_has():
    assert set(effective_set((), (), privileged=True)) == own_bounding_set()


def test_the_order_is_the_kernels():
    assert effective_set(("SYS_ADMIN", "CHOWN"), ("ALL",), privileged=False) == ["CAP_CHOWN", "CAP_SYS_ADMIN"]
    assert len(ALL) == 41


def test_an_unknown_name_is_an_error():
    with pytest.raises(InvalidParameter, match='"FLY" is not a known capability'):
        effective_set(("FLY",), (), privileged=False)
