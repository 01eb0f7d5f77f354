"""`python -m engine.build.worker CHANNEL PARENT`: obey the orders that come over the socket CHANNEL (a descriptor)."""

import socket
import sys

from engine.build.worker.serve import serve
from engine.container.archive.worker import rights


def main(channel: str, parent: str) -> None:
    rights.die_with(int(parent))
    serve(socket.socket(fileno=int(channel)))


if __name__ == "__main__":
    main(*sys.argv[1:])
