"""Sessions over a WebSocket, with aiohttp's own client."""

from engine.container.streams import Chunk, Stream
from tests.engine.server.conftest import Serve
from tests.engine.server.sessions import Attachable, Echo, Speaker

URL = "/v1.48/containers/c1/attach/ws?stream=1&stdin=1&stdout=1&stderr=1"


async def test_output_comes_as_it_is_in_binary_messages(serve: Serve):
    containers = Attachable(Speaker([Chunk(Stream.STDOUT, b"out"), Chunk(Stream.STDERR, b"\xff")]))
    api = await serve(containers=containers)
    async with api.http.ws_connect(URL) as socket:
        assert [message.data async for message in socket] == [b"out", b"\xff"]
        assert socket.close_code == 1000
    ((ref, options),) = containers.asked
    assert (ref, options.stdin, options.stderr, options.logs) == ("c1", True, True, False)


async def test_input_is_text_or_binary_and_ends_with_the_socket(serve: Serve):
    echo = Echo()
    api = await serve(containers=Attachable(echo))
    async with api.http.ws_connect(URL) as socket:
        await socket.send_bytes(b"one")
        assert await socket.receive_bytes() == b"one"
        await socket.send_str("two")
        assert await socket.receive_bytes() == b"two"
    await echo.closed.wait()


async def test_a_client_that_vanishes_closes_its_session(serve: Serve):
    echo = Echo()
    api = await serve(containers=Attachable(echo))
    socket = await api.http.ws_connect(URL)
    await socket.send_bytes(b"one")
    assert await socket.receive_bytes() == b"one"
    socket.get_extra_info("socket").shutdown(2)
    await echo.closed.wait()
    await socket.close()


async def test_the_detach_keys_leave_the_container_alone(serve: Serve):
    echo = Echo(tty=True)
    api = await serve(containers=Attachable(echo))
    async with api.http.ws_connect(URL + "&detachKeys=a,b") as socket:
        await socket.send_bytes(b"xab")
        assert await socket.receive_bytes() == b"x"
        await echo.detached.wait()
    assert not echo.closed.is_set()


async def test_a_plain_request_is_refused(serve: Serve):
    containers = Attachable(Echo())
    api = await serve(containers=containers)
    assert await api.call("GET", "/containers/c1/attach/ws") == (400, {"message": "not websocket protocol"})
    assert not containers.asked
