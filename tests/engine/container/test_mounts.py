import pytest

from engine.container.config import BindOptions, HostConfig, Mount, TmpfsOptions
from engine.container.mounts import parse_bind, parse_mount, requested, to_json
from engine.errors import InvalidParameter, NotSupported


def test_a_bind_with_options():
    mount = parse_bind("/srv/../data/:/data//x/:ro,rslave").mount
    assert (mount.kind, mount.source, mount.destination) == ("bind", "/data", "/data/x")
    assert mount.read_only
    assert mount.propagation == "rslave"


def test_a_named_volume_and_an_anonymous_one():
    named, anonymous = parse_bind("data:/var/lib/x"), parse_bind("/var/lib/x")
    assert (named.mount.kind, named.source, named.mount.copy_up) == ("volume", "data", True)
    assert (anonymous.mount.kind, anonymous.source, anonymous.mount.anonymous) == ("volume", "", True)
    assert not parse_bind("data:/x:nocopy").mount.copy_up


@pytest.mark.parametrize(
    "text", ["", ":", "a:", ":b", "a:b:c:d", "data:relative", "/host:/", "data:/x:ro,rw", "data:/x:bad", "../x:/x",
             "a/b:/x", "data:/x:rshared"]
)  # fmt: skip
def test_what_can_not_be_read_is_refused(text):
    with pytest.raises(InvalidParameter):
        parse_bind(text)


def test_a_mount_needs_its_source(tmp_path):
    missing = Mount(type="bind", target="/x", source=str(tmp_path / "missing"))
    with pytest.raises(
        InvalidParameter, match=r'invalid mount config for type "bind": bind source path does not exist'
    ):
        parse_mount(missing)
    made = Mount(type="bind", target="/x", source=str(tmp_path / "missing"), bind_options=BindOptions("", True))
    assert parse_mount(made).mount.source.endswith("missing")


def test_a_tmpfs_mount_has_its_options():
    mount = parse_mount(
        Mount(type="tmpfs", target="/t", tmpfs_options=TmpfsOptions(size_bytes=1024, mode=0o1777))
    ).mount
    assert {"size=1024", "mode=1777", "nosuid"} <= set(mount.options)


@pytest.mark.parametrize(("kind", "error"), [("image", NotSupported), ("nonsense", InvalidParameter)])
def test_other_kinds_are_refused(kind, error):
    with pytest.raises(error):
        parse_mount(Mount(type=kind, target="/x", source="y"))


def test_one_destination_is_mounted_once():
    with pytest.raises(InvalidParameter, match="Duplicate mount point: /x"):
        requested(HostConfig(binds=["aa:/x", "bb:/x/"]), (), lambda _: ())


def test_an_images_volume_gives_way_to_the_users_mount():
    host = HostConfig(binds=["aa:/data"], tmpfs={"/run/": ""})
    assert [request.mount.destination for request in requested(host, ["/data", "/run", "/more"], lambda _: ())] == [
        "/data",
        "/more",
    ]


def test_the_json_is_dockers():
    assert to_json(parse_bind("/h:/c").mount) == {
        "Type": "bind", "Source": "/h", "Destination": "/c", "Mode": "", "RW": True, "Propagation": "rprivate"
    }  # fmt: skip
