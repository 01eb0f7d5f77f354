import pytest

from engine.container.config import ContainerConfig, HostConfig, NetworkingConfig, PortBinding, Ulimit, decode
from engine.errors import InvalidParameter, NotSupported

#: What a docker CLI sends for `docker run busybox`: every field it knows, nearly all of them empty.
CLI_HOST_CONFIG = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "", "Config": {}}, "NetworkMode": "default",
    "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False,
    "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0], "CapAdd": None, "CapDrop": None,
    "CgroupnsMode": "", "Dns": [], "ExtraHosts": None, "IpcMode": "", "Cgroup": "", "Links": None,
    "OomScoreAdj": 0, "PidMode": "", "Privileged": False, "UsernsMode": "", "ShmSize": 0,
    "BlkioWeightDevice": [], "DeviceRequests": None, "MemorySwappiness": -1, "OomKillDisable": False,
    "PidsLimit": 0, "Ulimits": [], "CpuCount": 0, "MaskedPaths": None, "ReadonlyPaths": None,
}  # fmt: skip


def test_what_the_cli_sends_passes():
    host = decode(HostConfig, CLI_HOST_CONFIG, "HostConfig")
    assert host.network_mode == "default"
    assert host.memory_swappiness == -1


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        (HostConfig, {"DeviceRequests": [{"Count": -1}]}, "HostConfig.DeviceRequests.*--gpus"),
        (HostConfig, {"StorageOpt": {"size": "1G"}}, "HostConfig.StorageOpt.*--storage-opt"),
        (HostConfig, {"KernelMemory": 1 << 30}, "HostConfig.KernelMemory.*--kernel-memory"),
        (HostConfig, {"CpuRealtimeRuntime": 1000}, "HostConfig.CpuRealtimeRuntime.*--cpu-rt-runtime"),
        (HostConfig, {"Mounts": [{"Type": "image", "ImageOptions": {"Subpath": "x"}}]}, r"Mounts\[0\].ImageOptions"),
        (ContainerConfig, {"NoSuchOption": 1}, "Config.NoSuchOption"),
        (NetworkingConfig, {"EndpointsConfig": {"n": {"Extra": {"x": "y"}}}}, r"\['n'\].Extra"),
    ],
)
def test_an_option_that_is_not_there_is_refused_by_name(kind, body, named):
    with pytest.raises(NotSupported, match=named):
        decode(kind, body, "Config" if kind is ContainerConfig else kind.__name__)


@pytest.mark.parametrize("body", [{"Tty": "yes"}, {"Env": "A=b"}, {"Labels": ["x"]}, {"Cmd": [1]}])
def test_a_malformed_field_is_a_bad_parameter(body):
    with pytest.raises(InvalidParameter, match="invalid Config"):
        decode(ContainerConfig, body, "Config")


def test_names_match_in_any_case_as_in_docker():
    assert decode(ContainerConfig, {"image": "busybox", "OPENSTDIN": True}, "Config").image == "busybox"


def test_nothing_is_the_default_and_a_list_is_no_object():
    assert decode(HostConfig, None, "HostConfig") == HostConfig()
    with pytest.raises(InvalidParameter, match="an object is expected"):
        decode(HostConfig, [], "HostConfig")


def test_structures_within_are_read():
    body = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}]}, "Ulimits": [{"Name": "nofile"}]}
    host = decode(HostConfig, body, "HostConfig")
    assert host.port_bindings == {"80/tcp": [PortBinding("127.0.0.1", "80")]}
    assert host.ulimits == [Ulimit("nofile")]
