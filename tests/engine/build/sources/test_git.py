"""Repositories from a real git server, with what strangers may have put into them."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from engine.build.sources.address import GitAddress
from engine.build.sources.git import fetch_git
from engine.build.sources.gitrun import GitFailure, GitRun
from engine.errors import InvalidParameter

pytestmark = pytest.mark.root


def listing(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


async def test_the_head_alone_without_its_history(git_server, scratch):
    repository = git_server.repository("r.git")
    repository.commit(a_txt="one")
    commit = repository.commit(a_txt="two", d__b_txt="b")
    tree = await fetch_git(GitAddress(git_server.url("r.git")), scratch)
    assert (tree.commit, listing(tree.root)) == (commit, {"a.txt": "two", "d/b.txt": "b"})


async def test_branches_tags_commits_and_folders(git_server, tmp_path):
    repository = git_server.repository("r.git")
    first = repository.commit(d__a="one")
    repository.git("tag", "v1")
    repository.git("checkout", "--quiet", "-b", "topic/x")
    repository.commit(d__a="topic")
    repository.git("checkout", "--quiet", "main")
    repository.commit(d__a="main")
    url = git_server.url("r.git")
    for number, (ref, content) in enumerate(
        [
            ("v1", "one"),
            ("refs/tags/v1", "one"),
            ("topic/x", "topic"),
            ("refs/heads/main", "main"),
            (first, "one"),
            (first[:9], "one"),
        ]
    ):
        place = tmp_path / str(number)
        place.mkdir()
        tree = await fetch_git(GitAddress(url, ref=ref, subdir="d"), place)
        assert listing(tree.root) == {"a": content}, ref


async def test_a_checksum_is_a_commit(git_server, tmp_path):
    commit = git_server.repository("r.git").commit(a="one")
    for checksum, fits in ((commit, True), (commit[:8], True), ("0" * 40, False)):
        place = tmp_path / checksum
        place.mkdir()
        if fits:
            assert (await fetch_git(GitAddress(git_server.url("r.git")), place, checksum=checksum)).commit == commit
        else:
            with pytest.raises(InvalidParameter, match="expected checksum"):
                await fetch_git(GitAddress(git_server.url("r.git")), place, checksum=checksum)


async def test_what_is_not_there(git_server, tmp_path):
    git_server.repository("r.git").commit(d__a="one")
    wanted = (("none.git", "", ""), ("r.git", "nope", ""), ("r.git", "", "nope"), ("r.git", "", "d/a"))
    for number, (name, ref, subdir) in enumerate(wanted):
        place = tmp_path / str(number)
        place.mkdir()
        with pytest.raises(InvalidParameter, match=name):
            await fetch_git(GitAddress(git_server.url(name), ref=ref, subdir=subdir), place)


async def test_the_git_folder_stays_when_it_is_wanted(git_server, scratch):
    repository = git_server.repository("r.git")
    commit = repository.commit(a="one")
    tree = await fetch_git(GitAddress(git_server.url("r.git")), scratch, keep_git_dir=True)
    owned = ("-c", f"safe.directory={tree.root}")
    said = subprocess.run(
        ["git", *owned, "-C", tree.root, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    assert said.stdout.strip() == commit


async def test_submodules_come_along(git_server, scratch):
    git_server.repository("inner.git").commit(i="inner")
    outer = git_server.repository("outer.git")
    outer.git("submodule", "--quiet", "add", "../inner.git", "in")
    outer.commit(o="outer")
    (outer.path / ".gitmodules").write_text(f'[submodule "in"]\n\tpath = in\n\turl = {git_server.url("inner.git")}\n')
    outer.commit()
    tree = await fetch_git(GitAddress(git_server.url("outer.git")), scratch)
    assert {"in/i": "inner", "o": "outer"}.items() <= listing(tree.root).items()
    assert not list(tree.root.rglob(".git"))


async def test_a_server_of_plain_files_gives_all_it_has(serve, git_server, scratch):
    """It can't fetch one commit alone (git's "dumb" protocol), nor name what HEAD is without being asked."""
    repository = git_server.repository("r.git")
    repository.commit(a="one")
    commit = repository.commit(a="two")
    repository.git("update-server-info")
    app = web.Application()
    app.router.add_static("/r.git", repository.path / ".git")
    async with serve(app) as server:
        tree = await fetch_git(GitAddress(str(server.make_url("/r.git"))), scratch)
    assert (tree.commit, listing(tree.root)) == (commit, {"a": "two"})


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("ext::sh -c 'touch %s'", "transport 'ext' not allowed"),
        ("file://%s", "transport 'file' not allowed"),
        ("%s", "does not exist|transport 'file' not allowed"),
        ("-u%s", "-u"),
    ],
)
async def test_submodules_run_nothing_and_read_nothing_of_the_host(git_server, scratch, tmp_path, url, refusal):
    """CVE-2018-17456 (a dash), CVE-2022-39253 (`file`), and git's own way to run a program."""
    victim = git_server.repository("victim.git")
    commit = victim.commit(secret="s")
    mark = tmp_path / "touched"
    outer = git_server.repository("outer.git")
    place = url.replace("%s", str(mark if url.startswith("ext") else victim.path))
    outer.git("update-index", "--add", "--cacheinfo", f"160000,{commit},in")
    (outer.path / ".gitmodules").write_text(f'[submodule "in"]\n\tpath = in\n\turl = {place}\n')
    outer.git("add", ".gitmodules")
    outer.git("commit", "--quiet", "--message", "bad")
    with pytest.raises(GitFailure, match=refusal):
        await fetch_git(GitAddress(git_server.url("outer.git")), scratch)
    assert not mark.exists()


async def test_links_lead_nowhere(git_server, scratch):
    repository = git_server.repository("r.git")
    repository.commit(a="one")
    (repository.path / "out").symlink_to("/etc")
    (repository.path / "up").symlink_to("..")
    repository.commit()
    with pytest.raises(InvalidParameter, match="no folder"):
        await fetch_git(GitAddress(git_server.url("r.git"), subdir="out"), scratch)


async def test_a_password_is_in_no_process_list(serve, scratch):
    seen: list[str] = []
    lines: list[str] = []

    async def refs(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization", ""))
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.append(path.read_text(errors="replace"))
            except OSError:
                continue
        return web.Response(status=404)

    app = web.Application()
    app.router.add_get("/r.git/info/refs", refs)
    async with serve(app) as server:
        remote = str(server.make_url("/r.git"))
        with pytest.raises(GitFailure) as failure:
            await fetch_git(GitAddress(remote, credentials="me:very%2Dsecret"), scratch)
    assert "Basic bWU6dmVyeS1zZWNyZXQ=" in seen
    assert any("git-remote-http" in line or "remote-http" in line for line in lines)
    assert not [line for line in lines if "secret" in line and "pytest" not in line]
    assert "secret" not in failure.value.message


async def test_the_jail(scratch):
    """Nobody, in the scratch folder, with nothing of the engine's environment."""
    runner = GitRun(scratch, GitAddress("https://example.com/x.git"))
    runner.prepare()
    assert (await runner.run("id", "-u", "-n")).split() == [b"nobody"]
    assert (await runner.run("pwd")).strip() == b"/tmp"
    assert b"PORTSIDE" not in await runner.run("env")
    with pytest.raises(GitFailure):
        await runner.run("touch", "/var/lib/x")
    with pytest.raises(GitFailure):
        await runner.run("mount", "-t", "tmpfs", "none", "/tmp")
    await runner.run("touch", "/tmp/mine")
    assert (scratch / "mine").stat().st_uid == 65534


async def test_cancelled_all_of_its_processes_end(scratch, tmp_path):
    runner = GitRun(scratch, GitAddress("https://example.com/x.git"))
    runner.prepare()
    program = "import subprocess; print(flush=True); open('up', 'w').close(); subprocess.run(['sleep', '987'])"
    task = asyncio.get_running_loop().create_task(runner.run("python3", "-c", program))
    async with asyncio.timeout(20):
        while not (scratch / "up").exists():
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        while _sleepers():
            await asyncio.sleep(0.01)


def _sleepers() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [str(path)] if path.read_bytes() == b"sleep\x00987\x00" else []
        except OSError:
            continue
    return found


async def test_a_full_disk_ends_it(scratch, tmp_path, monkeypatch):
    """With a reserve that no disk has, git is ended as soon as it is looked at."""
    monkeypatch.setattr("engine.build.sources.gitrun.RESERVE", 1 << 62)
    runner = GitRun(scratch, GitAddress("https://example.com/x.git"))
    runner.prepare()
    with pytest.raises(Exception, match="no space left"):
        await runner.run("sleep", "60")
