import pytest

from engine.container import creation
from engine.container.config import (
    ContainerConfig,
    DeviceMapping,
    EndpointConfig,
    EndpointIPAMConfig,
    HostConfig,
    LogConfig,
    NetworkingConfig,
    PortBinding,
    ThrottleDevice,
)
from engine.container.creation import CreateRequest
from engine.errors import InvalidParameter, NotSupported
from engine.image.config import Healthcheck, ImageConfig, RootFS, RunConfig
from engine.image.image import Image

ID = "a1" * 32


def image(**said):
    document = ImageConfig(rootfs=RootFS("layers"), architecture="amd64", os="linux", config=RunConfig(**said))
    return Image(id="sha256:" + "b" * 64, config=document, layers=(), size=0)


def request(host=None, endpoints=None, name=None, **config):
    return CreateRequest(
        config=ContainerConfig(image="busybox", **config),
        host_config=host or HostConfig(),
        networking=NetworkingConfig(endpoints_config=endpoints),
        name=name,
    )


def record(said, **config):
    return creation.make_record(request(**config), image(**said), ID, "name")


@pytest.mark.parametrize(
    ("said", "asked", "argv"),
    [
        ({"cmd": ["sh"]}, {}, ["sh"]),
        ({"cmd": ["sh"]}, {"cmd": ["ls"]}, ["ls"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, {}, ["e", "c"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, {"cmd": ["x"]}, ["e", "x"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, {"entrypoint": ["o"]}, ["o"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, {"entrypoint": ["o"], "cmd": ["x"]}, ["o", "x"]),
        ({"entrypoint": ["e"], "cmd": ["c"]}, {"entrypoint": [""], "cmd": ["x"]}, ["x"]),
    ],
)
def test_entrypoint_and_command(said, asked, argv):
    assert record(said, **asked).argv == argv


def test_nothing_to_run_is_an_error():
    with pytest.raises(InvalidParameter, match="no command specified"):
        record({})


def test_the_image_is_asked_where_the_request_is_silent():
    said = {
        "cmd": ["x"], "env": ["PATH=/p", "A=1"], "labels": {"a": "1", "b": "1"}, "user": "app", "working_dir": "/w",
        "exposed_ports": {"80/tcp": {}}, "volumes": {"/v": {}}, "stop_signal": "SIGQUIT", "stop_timeout": 3,
        "healthcheck": Healthcheck(test=["CMD", "x"]), "shell": ["bash", "-c"],
    }  # fmt: skip
    host = HostConfig(port_bindings={"443/tcp": [PortBinding()]})
    config = record(said, host=host, env=["A=2", "B=3"], labels={"b": "2"}).config
    assert config.env == ["PATH=/p", "A=2", "B=3"]
    assert config.labels == {"a": "1", "b": "2"}
    assert (config.user, config.working_dir, config.stop_signal, config.stop_timeout) == ("app", "/w", "SIGQUIT", 3)
    assert (config.healthcheck, config.shell) == (Healthcheck(test=["CMD", "x"]), ["bash", "-c"])
    assert set(config.exposed_ports or ()) == {"80/tcp", "443/tcp"}
    assert set(config.volumes or ()) == {"/v"}
    assert config.hostname == ID[:12]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (HostConfig(log_config=LogConfig("syslog")), "log driver 'syslog'"),
        (HostConfig(log_config=LogConfig("", {"tag": "{{.ID}}"})), "log opt 'tag'"),
        (HostConfig(volume_driver="nfs"), "volume driver 'nfs'"),
        (HostConfig(security_opt=["label=type:x"]), "SELinux"),
    ],
)
def test_what_is_not_there_yet_is_refused(host, words):
    with pytest.raises(NotSupported, match=words):
        creation.check(request(host))


@pytest.mark.parametrize(
    "host",
    [
        HostConfig(memory=1024),
        HostConfig(memory_swap=1 << 30),
        HostConfig(memory=1 << 30, memory_swap=1 << 20),
        HostConfig(nano_cpus=1),
        HostConfig(nano_cpus=10**12),
        HostConfig(cpuset_cpus="1-9999999999"),
        HostConfig(cpuset_cpus="3-1"),
        HostConfig(cpuset_mems="a"),
        HostConfig(oom_score_adj=2000),
        HostConfig(security_opt=["seccomp={"]),
        HostConfig(security_opt=["fly"]),
        HostConfig(cap_add=["FLY"]),
        HostConfig(ipc_mode="container:"),
        HostConfig(pid_mode="shareable"),
        HostConfig(network_mode="container:"),
        HostConfig(network_mode="container:x", dns=["1.1.1.1"]),
        HostConfig(network_mode="container:x", links=["a:b"]),
        HostConfig(userns_mode="keep-id"),
        HostConfig(isolation="hyperv"),
        HostConfig(cgroup_parent="/a/../../b"),
        HostConfig(memory_swappiness=101),
        HostConfig(memory=32 << 20, memory_reservation=64 << 20),
        HostConfig(blkio_weight=5),
        HostConfig(blkio_device_read_bps=[ThrottleDevice("/dev/null", 1)]),
        HostConfig(devices=[DeviceMapping("dev/null")]),
        HostConfig(devices=[DeviceMapping("/dev/null", "/x", "rwx")]),
        HostConfig(device_cgroup_rules=["c 1:3"]),
    ],
)
def test_what_can_not_be_is_a_bad_parameter(host):
    with pytest.raises(InvalidParameter):
        creation.check(request(host))


@pytest.mark.parametrize(
    "config",
    [
        {"env": ["=x"]},
        {"env": ["A=\0"]},
        {"hostname": "a\nb"},
        {"hostname": "h" * 64},
        {"stop_signal": "SIGNOPE"},
        {"working_dir": "relative"},
        {"name": "-bad"},
        {"name": "../x"},
    ],
)
def test_what_is_malformed_is_a_bad_parameter(config):
    with pytest.raises(InvalidParameter):
        creation.check(request(**config))


def test_networks_with_wishes():
    wishes = EndpointConfig(mac_address="02:42:00:00:00:01")
    made = record({"cmd": ["x"]}, endpoints={"default": wishes})
    assert (made.network, made.endpoints) == ("bridge", {"bridge": wishes})
    assert list(record({"cmd": ["x"]}, endpoints={"a": None, "b": None}).wished_endpoints) == ["a", "b"]
    with pytest.raises(InvalidParameter, match="supported on user defined networks only"):
        record({"cmd": ["x"]}, endpoints={"default": EndpointConfig(EndpointIPAMConfig("172.17.0.9"))})


def test_another_platform_is_warned_of():
    foreign = ImageConfig(rootfs=RootFS("layers"), architecture="pdp11", os="linux", config=RunConfig())
    (warning,) = creation.check_platform(None, Image(id="x", config=foreign, layers=(), size=0))
    assert "(linux/pdp11) does not match the detected host platform" in warning
