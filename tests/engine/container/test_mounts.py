import pytest

from engine.container.config import BindOptions, DriverConfig, HostConfig, Mount, TmpfsOptions, VolumeOptions
from engine.container.mounts import merged_options, parse_bind, parse_mount, requested, to_json
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


def lent(*mounts):
    return lambda ref: mounts


def test_what_another_container_lends_gives_way_to_ones_own():
    theirs = [parse_bind("/a:/x").mount, parse_bind("data:/y").mount, parse_bind("/c:/z").mount]
    host = HostConfig(volumes_from=["donor:ro"], binds=["/mine:/x"], tmpfs={"/z": ""})
    found = {request.mount.destination: request for request in requested(host, ["/y"], lent(*theirs))}
    assert set(found) == {"/x", "/y"}
    assert (found["/x"].mount.source, found["/x"].mount.read_only) == ("/mine", False)
    assert (found["/y"].source, found["/y"].mount.read_only, found["/y"].mount.copy_up) == ("data", True, False)


@pytest.mark.parametrize("text", ["", ":ro", "donor:odd"])
def test_a_donor_that_can_not_be_read_is_refused(text):
    with pytest.raises(InvalidParameter, match="invalid"):
        requested(HostConfig(volumes_from=[text]), (), lent())


@pytest.mark.parametrize(
    "options",
    [
        BindOptions(read_only_non_recursive=True),
        BindOptions(read_only_force_recursive=True),
        BindOptions(read_only_non_recursive=True, read_only_force_recursive=True),
        BindOptions(read_only_force_recursive=True, propagation="rslave"),
        BindOptions(read_only_force_recursive=True, non_recursive=True),
    ],
)
def test_a_promise_that_can_not_be_kept_is_refused(tmp_path, options):
    read_only = options != BindOptions(read_only_non_recursive=True) and options != BindOptions(
        read_only_force_recursive=True
    )
    mount = Mount(type="bind", target="/x", source=str(tmp_path), read_only=read_only, bind_options=options)
    with pytest.raises(InvalidParameter, match="invalid mount config"):
        parse_mount(mount)


@pytest.mark.parametrize("subpath", ["/x", "../x", "a/../../b"])
def test_a_subpath_is_relative(subpath):
    options = VolumeOptions(subpath=subpath)
    with pytest.raises(InvalidParameter, match="relative path within the volume"):
        parse_mount(Mount(type="volume", target="/x", source="data", volume_options=options))


def test_a_subpath_is_kept_and_no_image_fills_it():
    options = VolumeOptions(subpath="a/b", driver_config=DriverConfig("local"))
    mount = parse_mount(Mount(type="volume", target="/x", source="data", volume_options=options)).mount
    assert (mount.subpath, mount.copy_up) == ("a/b", False)


@pytest.mark.parametrize(
    ("driver", "error"), [(DriverConfig("nfs"), InvalidParameter), (DriverConfig("local", {"o": "x"}), NotSupported)]
)
def test_other_volume_drivers_are_refused(driver, error):
    with pytest.raises(error):
        parse_mount(Mount(type="volume", target="/x", source="d", volume_options=VolumeOptions(driver_config=driver)))


def test_a_tmpfs_keeps_the_guards_that_nobody_lifts():
    assert merged_options(["exec", "size=1m", "defaults"]) == ("nosuid", "nodev", "exec", "size=1m")
    options = TmpfsOptions(options=[["exec"], ["uid", "5"]])
    assert parse_mount(Mount(type="tmpfs", target="/t", tmpfs_options=options)).mount.options[-2:] == ("exec", "uid=5")
    with pytest.raises(InvalidParameter, match='invalid tmpfs option \\["foo" "1"\\]'):
        merged_options(["foo=1"])
