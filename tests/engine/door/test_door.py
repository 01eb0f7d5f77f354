"""The engine by TCP, with the docker client: who is let in, and that nothing is lost on the way."""

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.door import certs
from engine.door.__main__ import main
from engine.door.context import Current, Files
from engine.door.server import Door
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Served:
    """A door before an engine. `docker(…)` is the docker client with `ada`'s pair."""

    door: Door
    tls: Path

    def docker(self, *argv: str, pair: str = "ada", said: str = "") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "DOCKER_HOST": f"tcp://127.0.0.1:{self.door.port}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(self.tls / "clients" / pair),
        }
        return subprocess.run(
            ["docker", *argv], env=environment, input=said, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    assert main(["certs", "--tls", str(tmp_path / "tls"), "--server", "127.0.0.1", "--client", "ada"]) == 0
    return tmp_path / "tls"


@pytest.fixture
def served(tls: Path, engine: EngineProcess) -> Iterator[Served]:
    door = Door(("127.0.0.1", 0), engine.socket, Current(Files.within(tls)))
    thread = threading.Thread(target=door.serve)
    thread.start()
    yield Served(door, tls)
    door.close()
    thread.join(timeout=10)


def test_a_client_with_a_pair_works_as_by_the_socket(served: Served, busybox: str) -> None:
    run = served.docker("run", "--rm", "--network", "none", busybox, "echo", "by tcp")
    assert (run.returncode, run.stdout) == (0, "by tcp\n"), run.stderr


def test_each_direction_ends_by_itself(served: Served, busybox: str) -> None:
    """The end of input goes in while the output still comes."""
    text = "line\n" * 20_000
    argv = ["run", "-i", "--rm", "--network", "none", busybox, "sh", "-c", "cat; echo over"]
    run = served.docker(*argv, said=text)
    assert run.returncode == 0, run.stderr
    assert run.stdout == text + "over\n"


def test_a_stranger_is_refused(served: Served, tmp_path: Path) -> None:
    other = certs.authority(tmp_path / "other")
    pair = certs.issue_client(tmp_path / "other", other, "eve")
    (pair / "ca.pem").write_bytes((served.tls / "ca.pem").read_bytes())
    context = ssl.create_default_context(cafile=served.tls / "ca.pem")
    for load in (lambda: None, lambda: context.load_cert_chain(pair / "cert.pem", pair / "key.pem")):
        load()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _ping(served.door.port, context)


def test_a_server_s_pair_is_no_client_s(served: Served) -> None:
    context = ssl.create_default_context(cafile=served.tls / "ca.pem")
    context.load_cert_chain(served.tls / "server-cert.pem", served.tls / "server-key.pem")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _ping(served.door.port, context)


def test_plain_http_is_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.door.port), timeout=10) as plain:
        plain.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):
            assert not plain.recv(100).startswith(b"HTTP")


def test_rotated_certificates_are_taken_without_a_restart(served: Served) -> None:
    (served.tls / "ca.pem").unlink()
    old = served.tls / "old"
    (served.tls / "clients").rename(old)
    assert main(["certs", "--tls", str(served.tls), "--server", "127.0.0.1", "--client", "ada"]) == 0
    assert served.docker("ps").returncode == 0
    (served.tls / "clients" / "former").symlink_to(old / "ada")
    assert served.docker("ps", pair="former").returncode != 0


def test_broken_certificates_change_nothing(served: Served) -> None:
    (served.tls / "server-cert.pem").write_text("broken")
    assert served.docker("ps").returncode == 0


def test_an_engine_that_is_away_closes_the_connection(tls: Path, tmp_path: Path) -> None:
    door = Door(("127.0.0.1", 0), tmp_path / "nowhere.sock", Current(Files.within(tls)))
    thread = threading.Thread(target=door.serve)
    thread.start()
    context = ssl.create_default_context(cafile=tls / "ca.pem")
    context.load_cert_chain(tls / "clients/ada/cert.pem", tls / "clients/ada/key.pem")
    assert _ping(door.port, context) == b""
    door.close()
    thread.join(timeout=10)


def test_a_web_page_is_refused_by_the_engine_itself(served: Served) -> None:
    context = ssl.create_default_context(cafile=served.tls / "ca.pem")
    pair = served.tls / "clients/ada"
    context.load_cert_chain(pair / "cert.pem", pair / "key.pem")
    assert _ping(served.door.port, context).startswith(b"HTTP/1.1 200")
    assert _ping(served.door.port, context, b"Origin: https://evil.example\r\n").startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("name", ["", "../x", "-x", "a/b"])
def test_a_client_s_name_is_no_path(tls: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", "--tls", str(tls), f"--client={name}"]) == 2
    assert "invalid client name" in capsys.readouterr().err


def test_keys_are_not_for_everybody(tls: Path) -> None:
    for key in (tls / "ca-key.pem", tls / "server-key.pem", tls / "clients/ada/key.pem"):
        assert key.stat().st_mode & 0o007 == 0
    assert (tls / "clients").stat().st_mode & 0o077 == 0


def test_without_the_authority_s_key_nothing_is_issued(tls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tls / "ca-key.pem").unlink()
    assert main(["certs", "--tls", str(tls), "--client", "bob"]) == 1
    assert "without it nothing can be issued" in capsys.readouterr().err


@pytest.mark.parametrize("listen", ["", "nowhere", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999"])
def test_an_address_that_is_none(tls: Path, listen: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--tls", str(tls), f"--listen={listen}"]) == 2
    assert "ADDRESS:PORT" in capsys.readouterr().err


def _ping(port: int, context: ssl.SSLContext, headers: bytes = b"") -> bytes:
    """The first bytes of the answer; nothing where the connection was closed."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as client,
    ):
        client.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n")
        return client.recv(100)
