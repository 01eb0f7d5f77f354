"""Certificates for the engine by TCP: an authority of our own, and pairs for the server and for each client.

The files are called as dockerd's and the docker client's are: `ca.pem`, `server-cert.pem`, `server-key.pem` here, and
in `clients/NAME/` what a client puts into its DOCKER_CERT_PATH: `ca.pem`, `cert.pem`, `key.pem`. The authority's own
key, `ca-key.pem`, is needed to issue more, and nowhere else: it may be kept elsewhere.
"""

import contextlib
import datetime
import grp
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.errors import InvalidParameter, NotFound
from engine.ids import NAME_PATTERN

#: How long an authority, and a pair that it issues, are good for.
AUTHORITY_DAYS: Final = 3650
PAIR_DAYS: Final = 825
#: A client's clock may be behind ours.
_LEEWAY: Final = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Authority:
    """Who signs."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def authority(folder: Path) -> Authority:
    """The authority in `folder`, made there when there is none. Raises NotFound where its key is kept elsewhere."""
    if not (folder / "ca.pem").exists():
        return _make_authority(folder)
    certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    try:
        key = serialization.load_pem_private_key((folder / "ca-key.pem").read_bytes(), password=None)
    except FileNotFoundError:
        raise NotFound(f"{folder / 'ca-key.pem'} is not there: without it nothing can be issued") from None
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  # we make no other kind
    return Authority(certificate, key)


def issue_server(folder: Path, signer: Authority, names: Sequence[str]) -> None:
    """A pair for the engine, good for `names` (host names and addresses). An earlier one is replaced, as a whole."""
    alternatives = x509.SubjectAlternativeName([_name(text) for text in names])
    certificate, key = _pair(signer, names[0], ExtendedKeyUsageOID.SERVER_AUTH, alternatives)
    _write(folder / "server-key.pem", key, secret=True)
    _write(folder / "server-cert.pem", certificate)


def issue_client(folder: Path, signer: Authority, name: str) -> Path:
    """A pair for the client called `name`; answers its folder. Raises InvalidParameter for what is no name."""
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidParameter(f"invalid client name {name!r}: letters, digits and _ . - after the first")
    certificate, key = _pair(signer, name, ExtendedKeyUsageOID.CLIENT_AUTH, None)
    pair = folder / "clients" / name
    pair.parent.mkdir(mode=0o700, exist_ok=True)
    pair.mkdir(mode=0o700, exist_ok=True)
    _write(pair / "ca.pem", signer.certificate.public_bytes(serialization.Encoding.PEM))
    _write(pair / "cert.pem", certificate)
    _write(pair / "key.pem", key, secret=True)
    return pair


def share(folder: Path, group: str) -> None:
    """Let `group` read what a door needs that runs as one of its users. Only root can; there need be no such group."""
    with contextlib.suppress(KeyError, PermissionError):
        number = grp.getgrnam(group).gr_gid
        for path in (folder, folder / "ca.pem", folder / "server-cert.pem", folder / "server-key.pem"):
            if path.exists():
                os.chown(path, -1, number)


def _make_authority(folder: Path) -> Authority:
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("Portside engine authority")
    certificate = (
        _blank(subject, subject, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder / "ca-key.pem", _private(key), secret=True)
    _write(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate, key)


def _pair(
    signer: Authority, name: str, purpose: x509.ObjectIdentifier, more: x509.ExtensionType | None
) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _blank(_subject(name), signer.certificate.subject, key.public_key(), PAIR_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )
    if more is not None:
        builder = builder.add_extension(more, critical=False)
    certificate = builder.sign(signer.key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM), _private(key)


def _blank(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LEEWAY)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Put a whole file into place: whoever reads meanwhile has the old one or the new one."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)
