"""`python -m engine.door`: the engine by TCP, and the certificates for it."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.config import Config
from engine.door import certs
from engine.door.context import Current, Files
from engine.door.server import Door
from engine.errors import EngineError, InvalidParameter


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 when it was told to stop, 1 when it could not do it, 2 for wrong arguments."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.do == "certs":
            _issue(parsed)
        else:
            _serve(parsed)
    except InvalidParameter as error:
        print(f"engine.door: {error}", file=sys.stderr)
        return 2
    except (EngineError, OSError) as error:
        print(f"engine.door: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    folder = Config.from_environment().home / "tls"
    parser = argparse.ArgumentParser(
        prog="python -m engine.door",
        description="The Docker Engine API by TCP: TLS, with certificates on both sides. Who has a client's pair may "
        "do what root may on this machine.",
    )
    does = parser.add_subparsers(dest="do", required=True)
    serve = does.add_parser("serve", help="listen, and pass on to the engine's unix socket what may come in")
    serve.add_argument("--listen", required=True, metavar="ADDRESS:PORT", help="for example 0.0.0.0:2376")
    serve.add_argument("--tls", type=Path, default=folder, metavar="DIR", help=f"the certificates [{folder}]")
    serve.add_argument("--socket", type=Path, default=Config.from_environment().socket, help="the engine's")
    issue = does.add_parser("certs", help="make an authority (once), and pairs for the server and for clients")
    issue.add_argument("--tls", type=Path, default=folder, metavar="DIR", help=f"where they are kept [{folder}]")
    issue.add_argument("--server", action="append", metavar="NAME", help="a name or address that clients reach us by")
    issue.add_argument("--client", action="append", default=[], metavar="NAME", help="a client to make a pair for")
    return parser


def _issue(parsed: argparse.Namespace) -> None:
    signer = certs.authority(parsed.tls)
    if parsed.server:
        certs.issue_server(parsed.tls, signer, parsed.server)
        print(f"server: {parsed.tls}/server-cert.pem for {', '.join(parsed.server)}; a door that serves takes it now")
    certs.share(parsed.tls, Config.from_environment().group)
    for name in parsed.client:
        print(f"client: DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={certs.issue_client(parsed.tls, signer, name)}")


def _serve(parsed: argparse.Namespace) -> None:
    door = Door(_address(parsed.listen), parsed.socket, Current(Files.within(parsed.tls)))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: door.close())
    print(f"listening on {parsed.listen}", flush=True)
    door.serve()


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 0xFFFF:
        raise InvalidParameter(f"--listen wants ADDRESS:PORT, not {text!r}")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(main())
