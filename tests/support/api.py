"""One request to a daemon's unix socket, as bare as it can be: what the wire says, with no client in between."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """An error's text, in Docker's shape: an object with `message` alone."""
        (key,) = self.json
        assert key == "message"
        return str(self.json["message"])


def request(
    path: Path, method: str, target: str, body: object = None, *, content_type: str = "application/json"
) -> Answer:
    """`body` is sent as JSON, or as it is where it is bytes; None sends none."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    headers = {} if data is None else {"Content-Type": content_type}
    connection = connect(path)
    try:
        connection.request(method, target, data, headers)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def connect(path: Path) -> http.client.HTTPConnection:
    """A connection for requests of one's own; the caller closes it."""
    connection = _Connection("localhost", timeout=30)
    connection.path = path
    return connection


class _Connection(http.client.HTTPConnection):
    path: Path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))
