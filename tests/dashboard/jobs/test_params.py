"""What is checked at the door."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.params import InvalidParams, Kind, Mount, Port, PullParams, RunParams, validated

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        "busybox:1.36",
        "library/redis",
        "127.0.0.1:5000/a/b:v1",
        "ghcr.io/a/b__c@" + DIGEST,
        "[::1]:5000/a",
        "a:b@" + DIGEST,
    ],
)
def test_names_of_images_pass(image: str) -> None:
    assert validated(Kind.PULL, {"image": f" {image} "}) == PullParams(reference=image)


@pytest.mark.parametrize(
    "image",
    ["", "Busybox", "-x", "a b", "a//b", "../a", "a:", "a@sha256:zz", "a\nb", "a\x00", "http://a/b", "a;rm", "a" * 600],
)
def test_what_is_no_name_of_an_image_is_refused(image: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        validated(Kind.PULL, {"image": image})
    assert [field for field, _reason in caught.value.problems] == ["image"]


def test_fields_that_nobody_knows_are_refused_by_name() -> None:
    with pytest.raises(InvalidParams) as caught:
        validated(Kind.RUN, {"image": "busybox", "privileged": True, "ports": [{"container_port": 0}]})
    assert {field for field, _reason in caught.value.problems} == {"privileged", "ports.0.container_port"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../x"},
        {"environment": {"A=B": "c"}},
        {"environment": {"A": "b\x00c"}},
        {"command": ["a\x00b"]},
        {"mounts": [{"source": "../etc", "target": "/x"}]},
        {"mounts": [{"source": "/etc", "target": "x"}]},
        {"mounts": [{"source": "/a:b", "target": "/x"}]},
        {"working_dir": "relative"},
        {"network": "a b"},
    ],
)
def test_what_the_engine_could_misread_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidParams):
        validated(Kind.RUN, {"image": "busybox", **wrong})


def test_a_container_is_named_at_the_door_and_only_once() -> None:
    first = validated(Kind.RUN, {"image": "127.0.0.1:5000/team/redis:7"})
    assert isinstance(first, RunParams)
    assert first.name.startswith("redis-")
    assert validated(Kind.RUN, first.model_dump(mode="json")) == first


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("80", Port(container_port=80)),
        ("8080:80", Port(container_port=80, host_port=8080)),
        ("8080:80/udp", Port(container_port=80, host_port=8080, protocol="udp")),
        ("127.0.0.1:8080:80", Port(container_port=80, host_port=8080, host_ip="127.0.0.1")),
        ("127.0.0.1::80", Port(container_port=80, host_ip="127.0.0.1")),
        ("[::1]:8080:80", Port(container_port=80, host_port=8080, host_ip="::1")),
    ],
)
def test_ports_are_read_as_docker_reads_them(text: str, port: Port) -> None:
    assert Port.parse(text) == port


@pytest.mark.parametrize("text", ["", "x", "80:", "0", "70000", "80/icmp", "1:2:3:4:5"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Port.parse(text)


def test_mounts_are_read_as_docker_reads_them() -> None:
    assert Mount.parse("/srv:/data:ro") == Mount(source="/srv", target="/data", read_only=True)
    assert Mount.parse("cache:/var/cache") == Mount(source="cache", target="/var/cache")
    for wrong in ("", "/srv", "/srv:data", "/srv:/data:rx", "a/b:/data"):
        with pytest.raises(ValueError):
            Mount.parse(wrong)


@given(
    ip=st.sampled_from(["", "127.0.0.1", "::1"]),
    host=st.integers(0, 65535),
    inside=st.integers(1, 65535),
    protocol=st.sampled_from(["tcp", "udp", "sctp"]),
)
def test_a_port_is_read_as_it_is_written(ip: str, host: int, inside: int, protocol: str) -> None:
    port = Port.model_validate({"container_port": inside, "protocol": protocol, "host_ip": ip, "host_port": host})
    assert Port.parse(str(port)) == port


def test_secrets_are_shown_nowhere() -> None:
    params = validated(Kind.RUN, {"image": "db", "environment": {"DB_PASSWORD": "hunter22", "MODE": "fast"}})
    assert isinstance(params, RunParams)
    assert params.secrets == ("hunter22",)
    shown = dict(params.shown())["Environment"]
    assert "hunter22" not in shown
    assert "MODE=fast" in shown


INLINE = {"type": "inline", "files": {"Dockerfile": "FROM x"}}


def test_an_uploaded_archive_may_be_named_by_its_id_alone() -> None:
    id_ = "12345678-1234-5678-1234-567812345678"
    assert validated(Kind.BUILD, {"source": id_}) == validated(
        Kind.BUILD, {"source": {"type": "archive", "archive": id_}}
    )


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Kind.BUILD, {"source": {"type": "inline", "files": {"../Dockerfile": "FROM x"}}}),
        (Kind.BUILD, {"source": {"type": "inline", "files": {"a//b": "x"}}}),
        (Kind.BUILD, {"source": {"type": "inline", "files": {"big": "x" * (1024 * 1024 + 1)}}}),
        (Kind.BUILD, {"source": {"type": "git", "url": "--upload-pack=evil"}}),
        (Kind.BUILD, {"source": {"type": "git", "url": "ext::sh -c evil"}}),
        (Kind.BUILD, {"source": {"type": "git", "url": "https://git.example/a b"}}),
        (Kind.BUILD, {"source": {"type": "git", "url": "https://git.example/a.git", "ref": "--evil"}}),
        (Kind.BUILD, {"source": {"type": "git", "url": "https://git.example/a.git", "ref": "a..b"}}),
        (Kind.BUILD, {"source": {"type": "git", "url": "https://git.example/a.git", "subdirectory": "../x"}}),
        (Kind.BUILD, {"source": INLINE, "push": True}),
        (Kind.BUILD, {"source": INLINE, "dockerfile": "/etc/passwd"}),
        (Kind.BUILD, {"source": "not an archive"}),
        (Kind.EXEC, {"container": "web", "argv": []}),
        (Kind.EXEC, {"container": "../web", "argv": ["true"]}),
        (Kind.PUSH, {"reference": "app@sha256:" + "0" * 64}),
        (Kind.COMMIT, {"container": "web", "reference": "app:1", "changes": ["ENV a=b\nUSER root"]}),
        (Kind.SAVE, {"images": []}),
        (Kind.LOAD, {"archive": "/etc/passwd"}),
        (Kind.PRUNE, {"objects": ["hosts"]}),
    ],
)
def test_what_a_worker_could_not_use_is_refused_at_the_door(kind: Kind, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        validated(kind, wrong)


def test_a_password_in_an_address_is_a_secret() -> None:
    params = validated(Kind.BUILD, {"source": {"type": "git", "url": "https://me:hunter22@git.example/a.git"}})
    assert params.secrets == ("hunter22",)
    assert "hunter22" not in params.subject
