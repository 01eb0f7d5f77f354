"""`certs.d`: a registry's own authority, and a certificate to show to it."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from engine.config import Config
from engine.errors import EngineError, InvalidParameter
from engine.registry.auth import NOBODY
from engine.registry.certificates import tls_for
from engine.registry.login import login
from tests.support.registry import Registry

NAME = "registry.test:5000"


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority (`ca.crt`), and a server's and a client's certificate of it."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=authority")
    for who, names in (("server", "DNS:registry.test,IP:127.0.0.1"), ("client", "DNS:alice")):
        (folder / "names").write_text(f"subjectAltName={names}\n")
        _openssl(folder, "req", *key, "-keyout", f"{who}.key", "-out", "request", "-subj", f"/CN={who}")
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        _openssl(folder, "x509", "-req", "-in", "request", *signed, "-out", f"{who}.cert")
    return folder


def _place(config: Config, host: str, made: Path, *names: str) -> None:
    folder = config.home / "certs.d" / host
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes((made / name).read_bytes())


async def _shake(context: ssl.SSLContext | bool, made: Path) -> None:
    """One handshake with a server that calls itself registry.test."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(made / "server.cert", made / "server.key")
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=serving)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="registry.test")
        writer.close()


async def test_an_authority_of_its_own(tmp_path: Path, made: Path) -> None:
    config = Config(home=tmp_path, run=tmp_path)
    assert tls_for(NAME, config, insecure=False) is True
    with pytest.raises(ssl.SSLCertVerificationError):
        await _shake(ssl.create_default_context(), made)
    _place(config, NAME, made, "ca.crt")
    await _shake(tls_for(NAME, config, insecure=False), made)
    assert tls_for("other.test:5000", config, insecure=False) is True


def test_an_insecure_registry_is_not_checked(tmp_path: Path, made: Path) -> None:
    config = Config(home=tmp_path, run=tmp_path)
    assert tls_for(NAME, config, insecure=True) is False
    _place(config, NAME, made, "client.cert", "client.key")
    context = tls_for(NAME, config, insecure=True)
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize(
    ("name", "said"),
    [("client.cert", "missing key client.key"), ("client.key", "missing client certificate client.cert")],
)
def test_half_a_pair(tmp_path: Path, made: Path, name: str, said: str) -> None:
    config = Config(home=tmp_path, run=tmp_path)
    _place(config, NAME, made, name)
    with pytest.raises(InvalidParameter, match=said):
        tls_for(NAME, config, insecure=False)


def test_what_is_no_certificate(tmp_path: Path) -> None:
    folder = tmp_path / "certs.d" / NAME
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_text("nothing")
    with pytest.raises(InvalidParameter, match=r"ca\.crt"):
        tls_for(NAME, Config(home=tmp_path, run=tmp_path), insecure=False)


@pytest.mark.parametrize("host", ["..", ".", "", "a/b"])
def test_a_host_is_no_path(tmp_path: Path, made: Path, host: str) -> None:
    config = Config(home=tmp_path, run=tmp_path)
    _place(config, "a/b", made, "ca.crt")
    (tmp_path / "evil.crt").write_text("nothing")
    assert tls_for(host, config, insecure=False) is True


async def test_a_registry_that_wants_to_see_a_certificate(tmp_path: Path, made: Path) -> None:
    config = Config(home=tmp_path, run=tmp_path)
    with Registry(tls=made) as registry:
        with pytest.raises(EngineError):
            await login(registry.host, NOBODY, config)
        _place(config, registry.host, made, "client.cert", "client.key")
        assert await login(registry.host, NOBODY, config) == ""
