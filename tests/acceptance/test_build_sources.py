"""Builds of what is elsewhere: contexts and ADD's sources on real servers of git and of files."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import api
from tests.support.builds import Builder, context, images_removed, messages
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.gitserver import GitServer

pytestmark = pytest.mark.root


@pytest.fixture
def build(docker: Docker, pulled_busybox: str, tmp_path: Path) -> Iterator[Builder]:
    path = tmp_path / "context"
    path.mkdir()
    with images_removed(docker):
        yield Builder(docker, path, pulled_busybox)


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    base = tmp_path / "repositories"
    base.mkdir()
    server = GitServer(base)
    yield server
    server.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        pass


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL that shows it."""
    folder = tmp_path / "www"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def remote(engine: EngineProcess, url: str) -> str:
    """The ID of the image that is built of a remote context; the error where there is one."""
    answer = api.request(engine.socket, "POST", f"/v1.41/build?remote={quote(url, safe='')}")
    if answer.status != 200:
        return answer.message
    said = messages(answer.body)
    failed = [message["error"] for message in said if "error" in message]
    return str(failed[0] if failed else next(message["aux"]["ID"] for message in reversed(said) if "aux" in message))


def test_a_repositorys_folder_is_a_context(build: Builder, engine: EngineProcess, git_server: GitServer) -> None:
    repository = git_server.repository("r.git")
    repository.commit(docker__Dockerfile=f"FROM {build.base}\nCOPY . /src\n", docker__a="one", secret="x")
    repository.git("tag", "v1")
    repository.commit(docker__a="two")
    image = remote(engine, f"{git_server.url('r.git')}#v1:docker")
    assert sorted(build.run(image, "find", "/src", "-type", "f").split()) == ["/src/Dockerfile", "/src/a"]
    assert build.run(image, "cat", "/src/a") == "one"
    assert "does not contain ref nope" in remote(engine, f"{git_server.url('r.git')}#nope")


def test_archives_and_texts_are_contexts(build: Builder, engine: EngineProcess, files: tuple[Path, str]) -> None:
    folder, url = files
    (folder / "c.tar").write_bytes(context({"Dockerfile": f"FROM {build.base}\nCOPY a /a\n", "a": "from the archive"}))
    (folder / "text").write_text(f"FROM {build.base}\nRUN echo from the text > /a\n")
    for name, said in (("c.tar", "from the archive"), ("text", "from the text")):
        assert build.run(remote(engine, f"{url}/{name}"), "cat", "/a").strip() == said
    assert "404" in remote(engine, f"{url}/none")


def test_files_are_added_by_url(build: Builder, files: tuple[Path, str]) -> None:
    folder, url = files
    (folder / "x.txt").write_text("hello")
    digest = hashlib.sha256(b"hello").hexdigest()
    image = build.image(f"""
        FROM {{base}}
        ADD --checksum=sha256:{digest} {url}/x.txt /dir/
        ADD {url}/x.txt /named
    """)
    assert build.run(image, "stat", "-c", "%a %n", "/dir/x.txt", "/named").splitlines() == [
        "600 /dir/x.txt",
        "600 /named",
    ]
    failed = build(f"FROM scratch\nADD --checksum=sha256:{'0' * 64} {url}/x.txt /x\n", check=False)
    assert "digest mismatch" in failed.stderr


def test_repositories_are_added(build: Builder, git_server: GitServer) -> None:
    commit = git_server.repository("r.git").commit(sub__a="a", b="b")
    url = git_server.url("r.git")
    image = build.image(f"""
        FROM {{base}}
        ADD {url}#main:sub /sub
        ADD --keep-git-dir --checksum={commit} {url} /all
    """)
    assert build.run(image, "ls", "-A", "/sub").split() == ["a"]
    assert build.run(image, "ls", "-A", "/all").split() == [".git", "b", "sub"]
    assert build.run(image, "stat", "-c", "%u:%g", "/sub/a") == "0:0"


def test_what_is_ignored_is_not_there(build: Builder) -> None:
    image = build.image(
        """
        FROM {base}
        COPY . /src
        """,
        {".dockerignore": "*\n!keep\nkeep/not\n", "keep/a": "", "keep/not/b": "", "other": ""},
    )
    assert build.run(image, "find", "/src", "-type", "f").split() == ["/src/keep/a"]


def test_advice_is_given_and_can_be_made_an_error(build: Builder) -> None:
    done = build("FROM {base}\nCMD true\n")
    assert "[Warning] JSONArgsRecommended: JSON arguments recommended for CMD" in done.stdout
    assert "[Warning]" not in build("# check=skip=all\nFROM {base}\nCMD true\n").stdout
    failed = build("# check=error=true\nFROM {base}\nCMD true\n", check=False)
    assert "lint violation found for rules: JSONArgsRecommended" in failed.stderr


@pytest.mark.parametrize(
    ("dockerfile", "shown"),
    [
        ("FROM Bad:Name\n", "   1 | >>> FROM Bad:Name"),
        ("FROM {base}\nRUN true && \\\n  exit 3\n", "   2 | >>> RUN true && \\\n   3 | >>>   exit 3"),
        ("FROM {base}\nENV A=1\nCOPY nothing /\n", "   3 | >>> COPY nothing /"),
        ("FROM {base} AS a\nRUN exit 3\nFROM {base}\nCOPY --from=a /x /x\n", "   2 | >>> RUN exit 3"),
    ],
)
def test_a_failing_step_shows_its_lines(build: Builder, dockerfile: str, shown: str) -> None:
    failed = build(dockerfile, check=False)
    assert failed.stderr.count(">>>") == shown.count(">>>")
    assert shown in failed.stderr
