"""What refuses, with which status and which words."""

import re

import pytest

from tests.contract.conftest import Daemon

pytestmark = pytest.mark.root

_ABSENT = {
    ("GET", "/containers/nope/json"): "No such container: nope",
    ("POST", "/containers/nope/start"): "No such container: nope",
    ("POST", "/containers/nope/stop"): "No such container: nope",
    ("POST", "/containers/nope/wait"): "No such container: nope",
    ("POST", "/containers/nope/resize?h=1&w=1"): "No such container: nope",
    ("GET", "/containers/nope/logs?stdout=1"): "No such container: nope",
    ("DELETE", "/containers/nope"): "No such container: nope",
    ("GET", "/images/nope/json"): "No such image: nope:latest",
    ("DELETE", "/images/nope"): "No such image: nope:latest",
    ("GET", "/images/nope/history"): "No such image: nope:latest",
    ("GET", "/volumes/nope"): "no such volume",
    ("GET", "/networks/nope"): "network nope not found",
    ("GET", "/exec/nope/json"): "No such exec instance",
    ("GET", "/nowhere"): "page not found",
}


@pytest.mark.parametrize(("method", "target"), _ABSENT)
def test_what_is_not_there_is_404(daemon: Daemon, method: str, target: str) -> None:
    answer = daemon.request(method, target)

    assert answer.status == 404
    assert _ABSENT[method, target] in answer.message
    assert answer.headers["Content-Type"] == "application/json"


def test_an_image_that_is_not_there_makes_no_container(daemon: Daemon) -> None:
    answer = daemon.request("POST", "/containers/create", {"Image": "nope"})

    assert answer.status == 404
    assert answer.message == "No such image: nope:latest"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("9.99", r"client version 9\.99 is too new\. Maximum supported API version is 1\.\d\d"),
        ("1.1", r"client version 1\.1 is too old\. Minimum supported API version is 1\.\d\d"),
    ],
)
def test_versions_out_of_range_are_400(daemon: Daemon, version: str, words: str) -> None:
    answer = daemon.request("GET", f"/v{version}/info")

    assert answer.status == 400
    # Not `message`: to clients of before 1.24 dockerd answers in plain text.
    assert re.search(words, answer.body.decode())


def test_a_name_must_be_one(daemon: Daemon) -> None:
    answer = daemon.request("POST", "/containers/create?name=a%20b", {"Image": daemon.image})

    assert answer.status == 400
    assert answer.message == "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"


def test_a_name_is_given_once(daemon: Daemon) -> None:
    daemon.docker("create", "--name", "t1", daemon.image)

    answer = daemon.request("POST", "/containers/create?name=t1", {"Image": daemon.image})

    assert answer.status == 409
    assert re.fullmatch(
        r'Conflict\. The container name "/t1" is already in use by container "?[0-9a-f]{64}"?\. '
        r"You have to remove \(or rename\) that container to be able to reuse that name\.",
        answer.message,
    )


def test_doing_it_twice_is_304(daemon: Daemon) -> None:
    container = daemon.create(Cmd=["sleep", "100"])

    assert daemon.request("POST", f"/containers/{container}/start").status == 204
    assert daemon.request("POST", f"/containers/{container}/start").status == 304
    assert daemon.request("POST", f"/containers/{container}/stop?t=0").status == 204
    assert daemon.request("POST", f"/containers/{container}/stop?t=0").status == 304


def test_what_a_state_forbids_is_409(daemon: Daemon) -> None:
    container = daemon.create(Cmd=["sleep", "100"])

    killed = daemon.request("POST", f"/containers/{container}/kill")
    assert killed.status == 409
    assert "is not running" in killed.message
    executed = daemon.request("POST", f"/containers/{container}/exec", {"Cmd": ["true"]})
    assert executed.status == 409
    assert "is not running" in executed.message

    daemon.request("POST", f"/containers/{container}/start")
    removed = daemon.request("DELETE", f"/containers/{container}")
    assert removed.status == 409
    assert "emov" in removed.message


def test_a_program_that_is_not_there_is_127_and_one_that_is_none_126(daemon: Daemon) -> None:
    absent = daemon.docker.run("run", "--rm", daemon.image, "nope")
    assert absent.returncode == 127
    assert 'exec: "nope": executable file not found in $PATH' in absent.stderr

    folder = daemon.docker.run("run", "--rm", daemon.image, "/etc")
    assert folder.returncode == 126
    assert "/etc" in folder.stderr
    assert daemon.docker("ps", "--all", "--quiet") == ""
