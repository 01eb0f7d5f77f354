"""`/build?remote=`: whatever it names, a tar comes out."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest
import zstandard
from aiohttp import web

from engine.build.sources.context import remote_context
from engine.errors import InvalidParameter, NotSupported

DOCKERFILE = b"FROM scratch\nCOPY a /\n"


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(DOCKERFILE)
        tar.addfile(info, io.BytesIO(DOCKERFILE))
    return buffer.getvalue()


def serving(body: bytes) -> web.Application:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{name}", answer)
    return app


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
async def test_an_archive_stays_as_it_is(serve, scratch, pack):
    body = pack(archive())
    async with serve(serving(body)) as server:
        path = await remote_context(str(server.make_url("/context")), scratch)
    assert path.read_bytes() == body


async def test_a_text_is_the_dockerfile(serve, scratch):
    async with serve(serving(DOCKERFILE)) as server:
        path = await remote_context(str(server.make_url("/some.txt")), scratch)
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["Dockerfile"]
        content = tar.extractfile("Dockerfile")
        assert content is not None
        assert content.read() == DOCKERFILE


async def test_too_much_to_be_a_dockerfile(serve, scratch):
    async with serve(serving(b"x" * (5 << 20))) as server:
        with pytest.raises(InvalidParameter, match="neither an archive nor a Dockerfile"):
            await remote_context(str(server.make_url("/x")), scratch)


@pytest.mark.root
async def test_a_repository(git_server, scratch):
    repository = git_server.repository("r.git")
    (repository.path / "link").symlink_to("/etc/passwd")
    repository.commit(docker__Dockerfile="FROM scratch\n", docker__d__a="a", x="x")
    (repository.path / "docker" / "run").write_text("#!/bin/sh\n")
    (repository.path / "docker" / "run").chmod(0o755)
    repository.commit()
    path = await remote_context(f"{git_server.url('r.git')}#main:docker", scratch)
    with tarfile.open(path) as tar:
        members = {member.name: member for member in tar}
    assert sorted(members) == [".", "./Dockerfile", "./d", "./d/a", "./run"]
    assert (members["./run"].mode, members["./d/a"].mode, members["./d/a"].uid) == (0o755, 0o644, 0)


@pytest.mark.parametrize(("text", "error"), [("./here", InvalidParameter), ("git@e.com:x", NotSupported)])
async def test_what_is_no_context(scratch, text, error):
    with pytest.raises(error):
        await remote_context(text, scratch)
