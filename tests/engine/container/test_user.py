import pytest

from engine.container.user import resolve
from engine.errors import InvalidParameter

PASSWD = "root:x:0:0:root:/root:/bin/sh\nbroken:line\nann:x:1000:100:Ann:/home/ann:/bin/sh\n7:x:70:70::/seven:\n"
GROUP = "root:x:0:\nusers:x:100:\nwheel:x:10:bob,ann\nstaff:x:50:ann\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    (tmp_path / "etc/group").write_text(GROUP)
    return tmp_path


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", (0, 0, (0,), "/root")),
        ("ann", (1000, 100, (10, 50, 100), "/home/ann")),
        ("1000", (1000, 100, (10, 50, 100), "/home/ann")),
        ("ann:wheel", (1000, 10, (10,), "/home/ann")),
        ("ann:5", (1000, 5, (5,), "/home/ann")),
        ("4242", (4242, 0, (0,), "/")),
        ("4242:4343", (4242, 4343, (4343,), "/")),
        ("7", (70, 70, (70,), "/seven")),  # a name wins over a number
    ],
)
def test_every_form_of_user(root, user, expected):
    identity = resolve(root, user)
    assert (identity.uid, identity.gid, identity.groups, identity.home) == expected


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("eve", "unable to find user eve: no matching entries in passwd file"),
        ("ann:eve", "unable to find group eve: no matching entries in group file"),
        ("4294967296", "uids and gids must be in range 0-2147483647"),
    ],
)
def test_who_is_not_there_is_an_error(root, user, message):
    with pytest.raises(InvalidParameter, match=message):
        resolve(root, user)


def test_a_table_that_is_a_link_out_of_the_root_is_not_followed(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").symlink_to("/etc/passwd")  # means itself: a loop within the root
    with pytest.raises(InvalidParameter):
        resolve(tmp_path, "daemon")


def test_extra_groups_are_added(root):
    assert resolve(root, "ann:users", ["wheel", "77"]).groups == (10, 77, 100)
