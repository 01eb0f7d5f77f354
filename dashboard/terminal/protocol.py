"""The terminal's frames: bytes in, values out. No input or output happens here.

A frame is one binary WebSocket message: an opcode in its first byte, then the body; integers are big-endian.
`docs/terminal-protocol.md` is the reference for both ends, and `tests/dashboard/terminal/vectors.json` holds bytes
on which both must agree.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Annotated, ClassVar, Final, Self, TypeAlias, TypeVar

import msgspec

VERSION: Final = 2
#: The most bytes in one INPUT or OUTPUT.
MAX_CHUNK: Final = 64 * 1024
#: The most bytes in HELLO, in READY, and in the text of CLOSE.
MAX_TEXT: Final = 4 * 1024
#: The most bytes in PING and PONG.
MAX_TOKEN: Final = 16

_OFFSET: Final = struct.Struct(">Q")
_SIZE: Final = struct.Struct(">HH")
_CLOSE: Final = struct.Struct(">Hi")
_NO_EXIT_CODE: Final = -1


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
    STATE = 0x0A


@unique
class Reason(IntEnum):
    """Why a terminal ends. The value is the WebSocket's close code too: 4000 to 4999 are the application's
    (RFC 6455, 7.4.2), and their last three digits follow HTTP's statuses."""

    ENDED = 1000
    HANG_UP = 4000
    LEFT = 4001
    MALFORMED = 4400
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    SILENT = 4408
    NOT_RUNNING = 4409
    UNKNOWN_SESSION = 4410
    LAGGED = 4413
    NO_SHELL = 4422
    TOO_MANY = 4429
    FAILED = 4500
    ENGINE = 4502


class ProtocolError(Exception):
    """A frame that the protocol does not allow; the text says what was sent and what is allowed."""


Text = Annotated[str, msgspec.Meta(max_length=1024, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Name = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-zA-Z]{0,32}\Z")]
Title = Annotated[str, msgspec.Meta(max_length=64, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Side = Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]  # JavaScript's integers end there


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The client's first frame: which terminal it wants.

    `session` is empty for a new terminal, otherwise the one to take up again. `client` names this end, the same in all
    its connections: its input is counted under that name. `received` is the offset of the first output byte that the
    client lacks, None when it has nothing and wants the latest. `ticket` is what a shared terminal's link carried.
    Empty `shell`, `user` and `workdir` leave the choice to server and image; `attach` asks for the container's own
    process instead of a shell, `record` for a recording.
    """

    opcode: ClassVar[Opcode] = Opcode.HELLO

    version: int
    rows: Side
    columns: Side
    session: Text = ""
    client: Name = ""
    received: Offset | None = None
    ticket: Text = ""
    shell: Text = ""
    user: Text = ""
    workdir: Text = ""
    title: Title = ""
    attach: bool = False
    record: bool = False

    def body(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def parse(cls, body: memoryview) -> "Hello":
        return _decode_json(body, Hello)


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """The server's answer: the terminal lives.

    `input` and `output` are the offsets at which the next frame of either stream begins; the windows bound, in bytes,
    what may be sent and not yet acknowledged. What lies below `end` was written before this connection began: queries
    in it have been answered. `shell` is the program's path in the container, `shells` are those that were found there.
    `lasts` says that it outlives this web process, `types` that this client may type.
    """

    opcode: ClassVar[Opcode] = Opcode.READY

    version: int
    session: Text
    input: Offset
    output: Offset
    end: Offset
    input_window: Offset
    output_window: Offset
    shell: Text
    shells: tuple[str, ...] = ()
    title: Text = ""
    lasts: bool = True
    types: bool = True
    owns: bool = True
    terminal: bool = True

    def body(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def parse(cls, body: memoryview) -> "Ready":
        return _decode_json(body, Ready)


class Person(msgspec.Struct, frozen=True):
    """Somebody who is attached, and whether they may type."""

    name: str
    types: bool


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all who are attached: sent after READY, and at each change.

    `rows` and `columns` are the terminal's size. It is that of the client which `leads`: the last that typed, came or
    changed its own size; it alone answers what programs ask of the terminal.
    """

    opcode: ClassVar[Opcode] = Opcode.STATE

    rows: Side
    columns: Side
    leads: bool
    people: tuple[Person, ...] = ()
    records: bool = False

    def body(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def parse(cls, body: memoryview) -> "State":
        return _decode_json(body, State)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of a stream; `offset` is the place of the first one in all that the stream carried in this session."""

    offset: int
    data: bytes

    def body(self) -> bytes:
        return _OFFSET.pack(self.offset) + self.data

    @classmethod
    def parse(cls, body: memoryview) -> Self:
        if not _OFFSET.size < len(body) <= _OFFSET.size + MAX_CHUNK:
            raise ProtocolError(f"a stream's frame holds an offset and 1 to {MAX_CHUNK} bytes, not {len(body)} in all")
        (offset,) = _OFFSET.unpack_from(body)
        return cls(offset, bytes(body[_OFFSET.size :]))


@dataclass(frozen=True, slots=True)
class Input(Chunk):
    """What is typed into the shell."""

    opcode: ClassVar[Opcode] = Opcode.INPUT


@dataclass(frozen=True, slots=True)
class Output(Chunk):
    """What the shell writes."""

    opcode: ClassVar[Opcode] = Opcode.OUTPUT


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Every byte of the other end's stream below `offset` has been dealt with."""

    opcode: ClassVar[Opcode] = Opcode.ACKNOWLEDGE

    offset: int

    def body(self) -> bytes:
        return _OFFSET.pack(self.offset)

    @classmethod
    def parse(cls, body: memoryview) -> Self:
        return cls(*_unpack(_OFFSET, body))


@dataclass(frozen=True, slots=True)
class Resize:
    """The terminal's size in characters."""

    opcode: ClassVar[Opcode] = Opcode.RESIZE

    rows: int
    columns: int

    def body(self) -> bytes:
        return _SIZE.pack(self.rows, self.columns)

    @classmethod
    def parse(cls, body: memoryview) -> Self:
        rows, columns = _unpack(_SIZE, body)
        if not rows or not columns:
            raise ProtocolError(f"a terminal has at least one row and one column, not {rows} and {columns}")
        return cls(rows, columns)


@dataclass(frozen=True, slots=True)
class Token:
    """A few bytes that come back as they went."""

    token: bytes = b""

    def body(self) -> bytes:
        return self.token

    @classmethod
    def parse(cls, body: memoryview) -> Self:
        if len(body) > MAX_TOKEN:
            raise ProtocolError(f"a token has at most {MAX_TOKEN} bytes, not {len(body)}")
        return cls(bytes(body))


@dataclass(frozen=True, slots=True)
class Ping(Token):
    """Asks for a Pong with the same token."""

    opcode: ClassVar[Opcode] = Opcode.PING


@dataclass(frozen=True, slots=True)
class Pong(Token):
    """Answers a Ping."""

    opcode: ClassVar[Opcode] = Opcode.PONG


@dataclass(frozen=True, slots=True)
class Close:
    """The last frame of either end. `exit_code` is the shell's, None where it has none."""

    opcode: ClassVar[Opcode] = Opcode.CLOSE

    reason: Reason
    text: str = ""
    exit_code: int | None = None

    def body(self) -> bytes:
        exit_code = _NO_EXIT_CODE if self.exit_code is None else self.exit_code
        return _CLOSE.pack(self.reason, exit_code) + shortened(self.text, MAX_TEXT)

    @classmethod
    def parse(cls, body: memoryview) -> Self:
        if not _CLOSE.size <= len(body) <= _CLOSE.size + MAX_TEXT:
            raise ProtocolError(f"CLOSE holds {_CLOSE.size} to {_CLOSE.size + MAX_TEXT} bytes, not {len(body)}")
        number, exit_code = _CLOSE.unpack_from(body)
        try:
            reason, text = Reason(number), str(body[_CLOSE.size :], "utf-8")
        except ValueError as error:
            raise ProtocolError(f"CLOSE can't be read: {error}") from error
        return cls(reason, text, None if exit_code == _NO_EXIT_CODE else exit_code)


ClientFrame: TypeAlias = Hello | Input | Acknowledge | Resize | Ping | Pong | Close
ServerFrame: TypeAlias = Ready | Output | Acknowledge | Ping | Pong | Close | State
Frame: TypeAlias = ClientFrame | ServerFrame

_KINDS: Final[dict[int, type[Frame]]] = {
    kind.opcode: kind for kind in (Hello, Ready, Input, Output, Acknowledge, Resize, Ping, Pong, Close, State)
}
Json = TypeVar("Json", Hello, Ready, State)


def encode(frame: Frame) -> bytes:
    """The frame as one WebSocket message."""
    return bytes([frame.opcode]) + frame.body()


def decode(message: bytes) -> Frame:
    """The frame in one WebSocket message; raises ProtocolError when there is none."""
    if not message:
        raise ProtocolError("an empty message holds no frame")
    kind = _KINDS.get(message[0])
    if kind is None:
        raise ProtocolError(f"no frame has the opcode 0x{message[0]:02x}")
    return kind.parse(memoryview(message)[1:])


def decode_from_client(message: bytes) -> ClientFrame:
    """As `decode`, for the server's end: the frames that only a server sends are refused."""
    frame = decode(message)
    if isinstance(frame, Ready | Output | State):
        raise ProtocolError(f"a client does not send {frame.opcode.name}")
    return frame


def shortened(text: str, limit: int) -> bytes:
    """`text` as UTF-8 in at most `limit` bytes, cut between characters."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore").encode()


def _decode_json(body: memoryview, kind: type[Json]) -> Json:
    if len(body) > MAX_TEXT:
        raise ProtocolError(f"{kind.opcode.name} holds {len(body)} bytes, more than {MAX_TEXT}")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{kind.opcode.name} can't be read: {error}") from error


def _unpack(shape: struct.Struct, body: memoryview) -> tuple[int, ...]:
    if len(body) != shape.size:
        raise ProtocolError(f"the frame's body has {len(body)} bytes instead of {shape.size}")
    return shape.unpack(body)
