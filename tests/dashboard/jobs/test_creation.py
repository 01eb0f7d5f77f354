"""The body of POST /containers/create, as `docker run -d` would send it."""

import uuid

from dashboard.access.ownership import LABEL as PROJECT
from dashboard.jobs.creation import LABEL, body
from dashboard.jobs.params import RunParams

JOB = uuid.uuid4()


def test_what_was_not_asked_for_is_left_to_the_image() -> None:
    made = body(RunParams(image="busybox", name="box"), JOB)
    assert {"Cmd", "Entrypoint", "WorkingDir", "User"}.isdisjoint(made)
    assert made["Labels"] == {LABEL: str(JOB), PROJECT: ""}
    assert body(RunParams(image="busybox", name="box"), JOB, "shop")["Labels"][PROJECT] == "shop"
    assert made["HostConfig"] == {"Binds": [], "PortBindings": {}, "NetworkMode": "bridge", "AutoRemove": False}


def test_everything_that_was_asked_for_arrives() -> None:
    params = RunParams.model_validate(
        {
            "image": "redis:7",
            "name": "cache",
            "command": ["redis-server", "--save", ""],
            "entrypoint": ["/init"],
            "environment": {"A": "b=c", "E": ""},
            "ports": [
                {"container_port": 6379, "host_port": 6379},
                {"container_port": 6379, "host_ip": "127.0.0.1"},
                {"container_port": 53, "protocol": "udp", "host_port": 53},
            ],
            "mounts": [{"source": "data", "target": "/data"}, {"source": "/etc/x", "target": "/x", "read_only": True}],
            "network": "host",
            "working_dir": "/srv",
            "user": "nobody",
            "tty": True,
            "interactive": True,
            "auto_remove": True,
        }
    )
    made = body(params, JOB)
    assert made["Env"] == ["A=b=c", "E="]
    assert made["Cmd"] == ["redis-server", "--save", ""]
    assert (made["Entrypoint"], made["WorkingDir"], made["User"]) == (["/init"], "/srv", "nobody")
    assert (made["Tty"], made["OpenStdin"]) == (True, True)
    assert made["ExposedPorts"] == {"6379/tcp": {}, "53/udp": {}}
    assert made["HostConfig"] == {
        "Binds": ["data:/data", "/etc/x:/x:ro"],
        "PortBindings": {
            "6379/tcp": [{"HostIp": "", "HostPort": "6379"}, {"HostIp": "127.0.0.1", "HostPort": ""}],
            "53/udp": [{"HostIp": "", "HostPort": "53"}],
        },
        "NetworkMode": "host",
        "AutoRemove": True,
    }
