"""What a project's policy refuses: each way to the host that is known, and each way around a rule."""

from typing import Any

import pytest

from dashboard.access.policy import UNLIMITED, Policy, registry_of

STRICT = Policy()


def container(**host: Any) -> dict[str, Any]:
    return {"Image": "busybox", "HostConfig": host}


@pytest.mark.parametrize(
    "host",
    [
        {"Privileged": True},
        {"NetworkMode": "host"},
        {"PidMode": "host"},
        {"IpcMode": "host"},
        {"UTSMode": "host"},
        {"UsernsMode": "host"},
        {"CgroupnsMode": "host"},
        {"PidMode": "container:abc"},
        {"NetworkMode": "container:abc"},
        {"Binds": ["/etc:/host"]},
        {"Binds": ["/:/host:ro"]},
        {"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/host"}]},
        {
            "Mounts": [
                {"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": {"Options": {"device": "/"}}}}
            ]
        },
        {"Mounts": [{"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": {"Name": "sshfs"}}}]},
        {"Mounts": [{"Type": "something new", "Target": "/x"}]},
        {"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x"}]},
        {"DeviceCgroupRules": ["b *:* rwm"]},
        {"DeviceRequests": [{"Count": -1}]},
        {"CapAdd": ["SYS_ADMIN"]},
        {"SecurityOpt": ["seccomp=unconfined"]},
        {"Sysctls": {"kernel.shm_rmid_forced": "1"}},
        {"VolumesFrom": ["other"]},
        {"CgroupParent": "/"},
        {"Runtime": "other"},
        {"MaskedPaths": ["/proc/none"]},
        {"MaskedPaths": []},
        {"ReadonlyPaths": []},
    ],
    ids=str,
)
def test_ways_to_the_host_are_closed(host: dict[str, Any]) -> None:
    assert list(STRICT.of_container(container(**host)))
    assert not list(UNLIMITED.of_container(container(**host)))


@pytest.mark.parametrize(
    "host",
    [
        {},
        {"Binds": ["data:/data"], "NetworkMode": "bridge", "AutoRemove": True, "PortBindings": {"80/tcp": [{}]}},
        {"Mounts": [{"Type": "volume", "Source": "data", "Target": "/d"}, {"Type": "tmpfs", "Target": "/t"}]},
        {"CapDrop": ["ALL"], "ReadonlyRootfs": True, "Init": True, "NetworkMode": "none"},
    ],
    ids=str,
)
def test_a_plain_container_is_allowed(host: dict[str, Any]) -> None:
    assert not list(STRICT.of_container(container(**host)))


@pytest.mark.parametrize(
    ("source", "is_allowed"),
    [
        ("/srv/shop", True),
        ("/srv/shop/uploads", True),
        ("/srv/shop/../../etc", False),
        ("/srv/shop/./x/..", True),
        ("/srv/shopping", False),
        ("//srv/shop", False),
        ("/srv", False),
        ("/", False),
    ],
)
def test_binds_below_an_allowed_directory(source: str, *, is_allowed: bool) -> None:
    policy = Policy(bind_paths=("/srv/shop",))
    assert (not list(policy.of_container(container(Binds=[f"{source}:/x"])))) is is_allowed
    mount = {"Type": "bind", "Source": source, "Target": "/x"}
    assert (not list(policy.of_container(container(Mounts=[mount])))) is is_allowed
    volume = {"DriverOpts": {"type": "none", "o": "bind", "device": source}}
    assert (not list(policy.of_volume(volume))) is is_allowed


@pytest.mark.parametrize(
    "options",
    [
        {"type": "none", "o": "bind", "device": "/"},
        {"type": "NONE", "O": "bind", "device": "/"},
        {"type": "ext4", "device": "/dev/sda1"},
        {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/"},
        {"type": "none", "o": "bind,upperdir=/etc", "device": "/srv/shop"},
        {"type": "overlay", "o": "lowerdir=/etc", "device": "overlay"},
        {"device": "/etc"},
    ],
    ids=str,
)
def test_a_volume_is_no_way_around(options: dict[str, str]) -> None:
    assert list(Policy(bind_paths=("/srv/shop",)).of_volume({"DriverOpts": options}))
    assert not list(UNLIMITED.of_volume({"DriverOpts": options}))


def test_plain_volumes_are_allowed() -> None:
    assert not list(STRICT.of_volume({"Name": "data", "Driver": "local"}))
    assert not list(STRICT.of_volume({"DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=10m"}}))
    assert list(STRICT.of_volume({"Driver": "sshfs"}))


def test_devices_that_are_allowed() -> None:
    policy = Policy(devices=("/dev/fuse",))
    assert not list(policy.of_container(container(Devices=[{"PathOnHost": "/dev/fuse"}])))
    assert list(policy.of_container(container(Devices=[{"PathOnHost": "/dev/fuse/../sda"}])))


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("busybox", "docker.io"),
        ("team/app:1", "docker.io"),
        ("localhost/app", "localhost"),
        ("127.0.0.1:5000/app:1", "127.0.0.1:5000"),
        ("registry.example/a/b@sha256:00", "registry.example"),
    ],
)
def test_the_registry_of_a_name(reference: str, registry: str) -> None:
    assert registry_of(reference) == registry


def test_registries_that_are_allowed() -> None:
    policy = Policy(registries=("*.example", "docker.io"))
    assert not list(policy.of_image("registry.example/app"))
    assert not list(policy.of_image("busybox"))
    assert list(policy.of_image("evil.test/app")) == ["images of evil.test are not allowed"]
    assert list(policy.of_container({"Image": "evil.test/app"}))


def test_caps_must_be_kept() -> None:
    policy = Policy(memory=2**30, cpus=1.5, pids=100)
    assert len(list(policy.of_container(container()))) == 3
    fits = container(Memory=2**29, NanoCpus=1_000_000_000, PidsLimit=50)
    assert not list(policy.of_container(fits))
    assert list(policy.of_container(container(Memory=2**31, NanoCpus=1_000_000_000, PidsLimit=50))) == [
        f"memory must be limited to at most {2**30}"
    ]
    assert list(policy.of_container(container(Memory=2**29, NanoCpus=1_000_000_000, PidsLimit=-1)))


def test_what_a_row_leaves_out_is_strict() -> None:
    assert Policy.from_json({}) == STRICT
    assert Policy.from_json({"bind_paths": ["/srv"], "memory": 5}) == Policy(bind_paths=("/srv",), memory=5)
