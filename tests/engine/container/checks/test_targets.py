from pathlib import Path

import pytest

from engine.container.checks.targets import check_mount, check_root
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter


@pytest.mark.parametrize("destination", ["/proc", "/sys", "/dev"])
def test_no_volume_takes_a_system_folders_place(destination: str):
    for mounted in (
        MountedVolume(kind="volume", destination=destination, anonymous=True),
        MountedVolume(kind="bind", destination=destination, source="/srv"),
    ):
        with pytest.raises(InvalidParameter, match=f"can't be mounted at {destination}"):
            check_mount(mounted)


@pytest.mark.parametrize(
    ("source", "destination"), [("/dev", "/dev"), ("/dev/bus", "/dev/bus"), ("/srv", "/proc-data")]
)
def test_the_hosts_own_may_be_bound(source: str, destination: str):
    check_mount(MountedVolume(kind="bind", destination=destination, source=source))


@pytest.mark.parametrize("name", ["proc", "sys", "dev"])
def test_a_root_filesystem_has_folders_where_the_kernels_go(tmp_path: Path, name: str):
    check_root(tmp_path)
    (tmp_path / name).symlink_to("etc")
    with pytest.raises(InvalidParameter, match=f"the image's /{name} is a symbolic link"):
        check_root(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).touch()
    with pytest.raises(InvalidParameter, match="is no directory"):
        check_root(tmp_path)
