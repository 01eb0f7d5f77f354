"""The terminal's frames: bytes in, values out. No input or output happens here.

A frame is one binary WebSocket message: an opcode in its first byte, then the body; integers are big-endian.
`docs/terminal-protocol.md` is the reference for both ends, and `tests/dashboard/terminal/vectors.json` holds the
bytes that both must agree on.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec

VERSION: Final = 1
MAX_CHUNK: Final = 64 * 1024
MAX_TEXT: Final = 4 * 1024
MAX_TOKEN: Final = 16
NO_EXIT_CODE: Final = -1

_OFFSET: Final = struct.Struct(">Q")
_SIZE: Final = struct.Struct(">HH")
_CLOSE: Final = struct.Struct(">Hi")


@unique
class Opcode(IntEnum):
    """A frame's first byte."""

    HELLO = 0x01
    READY = 0x02
    INPUT = 0x03
    OUTPUT = 0x04
    ACKNOWLEDGE = 0x05
    RESIZE = 0x06
    PING = 0x07
    PONG = 0x08
    CLOSE = 0x09


@unique
class Reason(IntEnum):
    """Why a terminal ends. The value is the WebSocket's close code too: 4000 to 4999 are the application's
    (RFC 6455, 7.4.2), and the last three digits follow HTTP's statuses where one fits."""

    ENDED = 1000
    HANG_UP = 4000
    MALFORMED = 4400
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    SILENT = 4408
    NOT_RUNNING = 4409
    UNKNOWN_SESSION = 4410
    NO_SHELL = 4422
    TOO_MANY = 4429
    FAILED = 4500
    ENGINE = 4502


class ProtocolError(Exception):
    """A frame that the protocol does not allow; the text says what was sent and what is allowed."""


Text = Annotated[str, msgspec.Meta(max_length=1024, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Side = Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)]
Offset = Annotated[int, msgspec.Meta(ge=0, lt=2**63)]


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The client's first frame: which terminal it wants.

    `session` is empty for a new terminal, otherwise the one to take up again; `received` is the offset of the first
    output byte that the client lacks. Empty `shell`, `user` and `workdir` leave the choice to the server and the image.
    """

    version: int
    rows: Side
    columns: Side
    session: Text = ""
    received: Offset = 0
    shell: Text = ""
    user: Text = ""
    workdir: Text = ""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """The server's answer: the terminal lives.

    `input` and `output` are the offsets at which the next frame of either stream begins; the windows bound, in bytes,
    what may be sent and not yet acknowledged.
    """

    version: int
    session: Text
    input: Offset
    output: Offset
    input_window: Offset
    output_window: Offset
    shell: Text


@dataclass(frozen=True)
class Input:
    """Bytes for the shell; `offset` is the place of the first one in all that was ever typed in this session."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class Output:
    """Bytes of the shell; `offset` is the place of the first one in all that it ever wrote in this session."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class Acknowledge:
    """Every byte of the other end's stream below `offset` has been dealt with."""

    offset: int


@dataclass(frozen=True)
class Resize:
    """The terminal's size in characters."""

    rows: int
    columns: int


@dataclass(frozen=True)
class Ping:
    """Asks for a Pong with the same token (at most 16 bytes)."""

    token: bytes = b""


@dataclass(frozen=True)
class Pong:
    """Answers a Ping."""

    token: bytes = b""


@dataclass(frozen=True)
class Close:
    """The last frame of either end. `exit_code` is the shell's, None where it has none."""

    reason: Reason
    text: str = ""
    exit_code: int | None = None


ClientFrame: TypeAlias = Hello | Input | Acknowledge | Resize | Ping | Pong | Close
ServerFrame: TypeAlias = Ready | Output | Acknowledge | Ping | Pong | Close
Frame: TypeAlias = Hello | Ready | Input | Output | Acknowledge | Resize | Ping | Pong | Close

Json = TypeVar("Json", Hello, Ready)


def encode(frame: Frame) -> bytes:
    """The frame as one WebSocket message."""
    match frame:
        case Hello():
            return bytes([Opcode.HELLO]) + msgspec.json.encode(frame)
        case Ready():
            return bytes([Opcode.READY]) + msgspec.json.encode(frame)
        case Input(offset, data):
            return bytes([Opcode.INPUT]) + _OFFSET.pack(offset) + data
        case Output(offset, data):
            return bytes([Opcode.OUTPUT]) + _OFFSET.pack(offset) + data
        case Acknowledge(offset):
            return bytes([Opcode.ACKNOWLEDGE]) + _OFFSET.pack(offset)
        case Resize(rows, columns):
            return bytes([Opcode.RESIZE]) + _SIZE.pack(rows, columns)
        case Ping(token):
            return bytes([Opcode.PING]) + token
        case Pong(token):
            return bytes([Opcode.PONG]) + token
        case Close():
            return bytes([Opcode.CLOSE]) + _encode_close(frame)


def decode(message: bytes) -> Frame:
    """The frame in one WebSocket message; raises ProtocolError when there is none."""
    if not message:
        raise ProtocolError("an empty message holds no frame")
    body = memoryview(message)[1:]
    match message[0]:
        case Opcode.HELLO:
            return _decode_json(body, Hello)
        case Opcode.READY:
            return _decode_json(body, Ready)
        case Opcode.INPUT:
            return Input(*_decode_chunk(body))
        case Opcode.OUTPUT:
            return Output(*_decode_chunk(body))
        case Opcode.ACKNOWLEDGE:
            return Acknowledge(*_unpack(_OFFSET, body))
        case Opcode.RESIZE:
            return _decode_size(body)
        case Opcode.PING:
            return Ping(_decode_token(body))
        case Opcode.PONG:
            return Pong(_decode_token(body))
        case Opcode.CLOSE:
            return _decode_close(body)
        case other:
            raise ProtocolError(f"no frame has the opcode 0x{other:02x}")


def decode_from_client(message: bytes) -> ClientFrame:
    """As `decode`, for the server's end: the frames that only a server sends are refused."""
    frame = decode(message)
    if isinstance(frame, Ready | Output):
        raise ProtocolError(f"a client does not send {type(frame).__name__.upper()}")
    return frame


def _decode_json(body: memoryview, kind: type[Json]) -> Json:
    if len(body) > MAX_TEXT:
        raise ProtocolError(f"{kind.__name__.upper()} holds {len(body)} bytes, more than {MAX_TEXT}")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{kind.__name__.upper()} can't be read: {error}") from error


def _decode_chunk(body: memoryview) -> tuple[int, bytes]:
    if not _OFFSET.size < len(body) <= _OFFSET.size + MAX_CHUNK:
        raise ProtocolError(f"a frame of a stream holds an offset and 1 to {MAX_CHUNK} bytes, not {len(body)} in all")
    (offset,) = _OFFSET.unpack_from(body)
    return offset, bytes(body[_OFFSET.size :])


def _decode_size(body: memoryview) -> Resize:
    rows, columns = _unpack(_SIZE, body)
    if not rows or not columns:
        raise ProtocolError(f"a terminal has at least one row and one column, not {rows} and {columns}")
    return Resize(rows, columns)


def _decode_token(body: memoryview) -> bytes:
    if len(body) > MAX_TOKEN:
        raise ProtocolError(f"a token has at most {MAX_TOKEN} bytes, not {len(body)}")
    return bytes(body)


def _decode_close(body: memoryview) -> Close:
    if not _CLOSE.size <= len(body) <= _CLOSE.size + MAX_TEXT:
        raise ProtocolError(f"CLOSE holds {_CLOSE.size} to {_CLOSE.size + MAX_TEXT} bytes, not {len(body)}")
    number, exit_code = _CLOSE.unpack_from(body)
    try:
        reason, text = Reason(number), str(body[_CLOSE.size :], "utf-8")
    except ValueError as error:
        raise ProtocolError(f"CLOSE can't be read: {error}") from error
    return Close(reason, text, None if exit_code == NO_EXIT_CODE else exit_code)


def _encode_close(close: Close) -> bytes:
    exit_code = NO_EXIT_CODE if close.exit_code is None else close.exit_code
    return _CLOSE.pack(close.reason, exit_code) + shortened(close.text, MAX_TEXT)


def shortened(text: str, limit: int) -> bytes:
    """`text` as UTF-8 in at most `limit` bytes, cut between characters."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore").encode()


def _unpack(shape: struct.Struct, body: memoryview) -> tuple[int, ...]:
    if len(body) != shape.size:
        raise ProtocolError(f"the frame's body has {len(body)} bytes instead of {shape.size}")
    return shape.unpack(body)
