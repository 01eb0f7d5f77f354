"""`docker build` by the unmodified client: what comes out, what is said, and what is left."""

import base64
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import api, python
from tests.support.builds import Builder, context, images_removed, messages
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root


@pytest.fixture
def build(docker: Docker, pulled_busybox: str, tmp_path: Path) -> Iterator[Builder]:
    path = tmp_path / "context"
    path.mkdir()
    with images_removed(docker):
        yield Builder(docker, path, pulled_busybox)


def test_stages_copies_and_commands_make_an_image(build: Builder) -> None:
    done = build(
        """
        FROM {base} AS made
        ARG WHO=world
        ENV GREETING=hello
        WORKDIR /work
        COPY --chown=7:8 *.txt sub/ ./
        RUN echo "$GREETING $WHO" > greeting && cat greeting && echo oops >&2
        FROM {base}
        COPY --from=made /work /kept/
        ENTRYPOINT ["cat"]
        CMD ["/kept/greeting"]
        """,
        {"a.txt": "a", "b.txt": "b", "c.md": "c", "sub/d": "d", "sub/deep/e": "e"},
        *("--tag", "made:one", "--tag", "made:two", "--build-arg", "WHO=you", "--label", "colour=blue"),
    )
    assert "Step 1/11 : FROM" in done.stdout
    assert "hello you\n" in done.stdout
    assert "\x1b[91moops\n\x1b[0m" in done.stdout
    assert "Successfully tagged made:one\nSuccessfully tagged made:two\n" in done.stdout
    assert build.docker("run", "--rm", "made:two") == "hello you"
    listing = build.run("made:one", "find", "/kept", "-type", "f").split()
    assert sorted(listing) == [f"/kept/{name}" for name in ("a.txt", "b.txt", "d", "deep/e", "greeting")]
    assert build.run("made:one", "stat", "-c", "%u:%g", "/kept/a.txt", "/kept/deep").split() == ["7:8", "7:8"]
    assert build.inspect("made:one")["Config"]["Labels"]["colour"] == "blue"


def test_what_is_unchanged_comes_from_the_cache(build: Builder) -> None:
    dockerfile = """
        FROM {base}
        RUN cat /proc/sys/kernel/random/uuid > /first
        COPY data /data
        RUN cat /proc/sys/kernel/random/uuid > /second
        """
    first = build.image(dockerfile, {"data": "1"})
    os.utime(build.path / "data", (1, 1))
    again = build(dockerfile, None)
    assert again.stdout.count(" ---> Using cache") == 3
    assert build.image(dockerfile) == first
    changed = build.image(dockerfile, {"data": "2"})
    assert build.run(changed, "cat", "/first") == build.run(first, "cat", "/first")
    assert build.run(changed, "cat", "/second") != build.run(first, "cat", "/second")
    assert build.image(dockerfile, None, "--no-cache") != changed


def test_only_build_args_that_are_declared_count(build: Builder) -> None:
    dockerfile = "FROM {base}\nARG USED\nRUN echo $USED > /used\n"
    one = build.image(dockerfile, None, "--build-arg", "USED=1", "--build-arg", "HTTP_PROXY=one")
    assert build.image(dockerfile, None, "--build-arg", "USED=1", "--build-arg", "HTTP_PROXY=two") == one
    other = build(dockerfile, None, "--build-arg", "USED=2", "--build-arg", f"OTHER={'3' * 100_000}")
    assert "One or more build-args [OTHER] were not consumed" in other.stdout
    assert "/bin/sh -c echo $USED > /used" in build.history(one)[-1]
    assert build.history(one)[-1].startswith("|1 USED=1 ")


def test_layers_of_another_image_serve_as_cache(build: Builder) -> None:
    dockerfile = "FROM {base}\nENV A=1\nCOPY data /\nRUN cat /proc/sys/kernel/random/uuid > /made\n"
    first = build.image(dockerfile, {"data": "1"}, "--tag", "donor")
    build.docker("builder", "prune", "--all", "--force")
    assert build.image(dockerfile, None, "--cache-from", "donor") == first
    build.docker("builder", "prune", "--all", "--force")
    changed = build.image(dockerfile, {"data": "2"}, "--cache-from", "donor")
    assert build.run(changed, "cat", "/made") != build.run(first, "cat", "/made")


def test_nothing_of_the_build_gets_into_a_layer(build: Builder) -> None:
    image = build.image(
        """
        FROM {base}
        RUN --mount=type=bind,target=/ctx --mount=type=tmpfs,target=/a/b --mount=type=cache,target=/var/cache/x \
            --mount=type=secret,id=none touch /only-this && touch /a/b/c /var/cache/x/y && hostname
        """
    )
    assert set(build.layer(image)) == {"only-this"}


def test_a_command_that_fails_says_how_and_can_be_entered(build: Builder, engine: EngineProcess) -> None:
    failed = build("FROM {base}\nRUN echo before; exit 3", check=False)
    assert failed.returncode == 3
    assert "before\n" in failed.stdout
    assert "The command '/bin/sh -c echo before; exit 3' returned a non-zero code: 3" in failed.stderr
    tar = context({"Dockerfile": f"FROM {build.base}\nENV A=b\nRUN echo evidence > /left; exit 4\n"})
    answer = api.request(engine.socket, "POST", "/build?keepfailed=1", tar, content_type="application/x-tar")
    *_, aux, last = messages(answer.body)
    assert last["errorDetail"]["code"] == 4
    image = aux["aux"]["FailedStep"]["Image"]
    assert build.run(image, "sh", "-c", "echo $A; cat /left").split() == ["b", "evidence"]


def test_mounts_bring_what_a_step_needs(build: Builder) -> None:
    done = build(
        """
        FROM {base} AS other
        RUN mkdir /out && echo from-stage > /out/file
        FROM {base}
        RUN --mount=type=bind,target=/ctx cat /ctx/data && ! touch /ctx/new
        RUN --mount=type=bind,from=other,source=/out,target=/other,rw cat /other/file && touch /other/new
        RUN --mount=type=cache,id=kept,target=/kept echo once >> /kept/log
        RUN --mount=type=cache,id=kept,target=/elsewhere cat /elsewhere/log
        RUN --network=none ls /sys/class/net
        RUN <<EOF
        #!/bin/cat
        a script
        EOF
        """,
        {"data": "from-context\n"},
    )
    assert all(f"{word}\n" in done.stdout for word in ("from-context", "from-stage", "once", "lo", "a script"))
    assert "eth0" not in done.stdout


def test_secrets_are_seen_by_their_step_alone(build: Builder, engine: EngineProcess) -> None:
    dockerfile = f"""FROM {build.base}
RUN --mount=type=secret,id=token,required=true (cat /run/secrets/token; echo) | rev > /reversed
RUN --mount=type=secret,id=token,env=TOKEN echo "$TOKEN" | rev >> /reversed; ls /run || true
"""
    target, header = (
        "/build?t=secretive",
        base64.b64encode(json.dumps({"token": base64.b64encode(b"hush-hush").decode()}).encode()).decode(),
    )
    answer = _post(engine, target, context({"Dockerfile": dockerfile}), {"X-Portside-Secrets": header})
    assert messages(answer)[-1]["stream"] == "Successfully tagged secretive:latest\n"
    assert build.run("secretive", "cat", "/reversed").split() == ["hsuh-hsuh"] * 2
    assert "hush" not in "".join(build.history("secretive")) + json.dumps(build.inspect("secretive"))
    assert "hush" not in engine.log.read_text()
    without = build(dockerfile, None, "--no-cache", check=False)
    assert "secret token: not found" in without.stderr


def test_links_lead_nowhere_out_of_their_roots(build: Builder) -> None:
    """CVE-2024-23651, CVE-2024-23652, CVE-2024-23653, and links in contexts and images."""
    outside = build.path.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("of the host")
    (build.path / "link").symlink_to(outside)
    dockerfile = f"""
        FROM {{base}} AS evil
        RUN mkdir /c && ln -s {outside} /c/sub && ln -s {outside} /mnt && ln -s {outside} /dest
        FROM evil
        COPY data /dest/data
        COPY data /mnt
        RUN --mount=type=tmpfs,target=/mnt/x/y rmdir /mnt/x 2>/dev/null; rm -rf /mnt; ln -s {outside} /mnt; true
        """
    build(dockerfile, {"data": "1"})
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    for step in (
        "COPY link/secret /x",
        "COPY --from=evil /c/sub/secret /x",
        "RUN --mount=type=bind,from=evil,source=/c/sub,target=/m cat /m/secret",
        "RUN --mount=type=cache,from=evil,id=evil,source=/c/sub,target=/m cat /m/secret",
        "RUN --security=insecure true",
        "RUN --network=host true",
    ):
        failed = build(dockerfile + "        " + step + "\n", check=False)
        assert failed.returncode, step
        assert "of the host" not in failed.stdout, step


def test_one_epoch_makes_one_image(build: Builder) -> None:
    dockerfile = "FROM {base}\nWORKDIR /made\nRUN date > /dev/null; touch file; mkdir folder\nCOPY . here\n"
    options = ("--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")
    first = build.image(dockerfile, None, *options)
    os.utime(build.path / "Dockerfile")
    assert build.image(dockerfile, None, *options) == first
    assert build.inspect(first)["Created"].startswith("2023-11-14T22:13:20")


def test_triggers_run_in_the_build_above(build: Builder) -> None:
    build("FROM {base}\nONBUILD COPY data /data\nONBUILD RUN cat /data\n", {"data": "mine\n"}, "--tag", "below")
    above = build("FROM below\nENV A=1\n", None, "--tag", "above")
    assert "# Executing 2 build triggers" in above.stdout
    assert build.run("above", "cat", "/data") == "mine"
    assert not build.inspect("above")["Config"].get("OnBuild")


def test_errors_name_the_line(build: Builder) -> None:
    failed = build("FROM {base}\n\nRUNN true\n", check=False)
    assert "line 3" in failed.stderr
    assert "RUNN true" in failed.stderr
    missing = build("FROM {base}\nCOPY nowhere /\n", check=False)
    assert "COPY failed: file not found in build context or excluded by .dockerignore: stat nowhere" in missing.stderr
    ignored = build("FROM {base}\nCOPY data /\n", {"data": "1", ".dockerignore": "data\n"}, check=False)
    assert "excluded by .dockerignore" in ignored.stderr


def test_a_client_that_goes_takes_its_build_with_it(build: Builder, engine: EngineProcess) -> None:
    client = _sleeping(build)
    assert '"Name": "build-' in build.docker("network", "inspect", "bridge")
    client.send_signal(signal.SIGKILL)
    client.communicate()
    until("the step to be gone", lambda: not _left(engine), seconds=20)


def test_an_engine_that_was_killed_leaves_nothing_of_a_build(build: Builder, engine: EngineProcess) -> None:
    client = _sleeping(build)
    engine.kill9()
    client.communicate()
    engine.restart()
    assert _left(engine) == []


def test_a_prune_keeps_what_a_build_uses(build: Builder) -> None:
    build.docker("builder", "prune", "--all", "--force")
    build("FROM {base}\nRUN dd if=/dev/zero of=/big bs=1M count=3\n", None, "--tag", "big")
    build.docker("rmi", "big")
    assert "exec.cachemount" not in build.docker("builder", "prune", "--force", "--filter", "until=24h")
    said = build.docker("builder", "prune", "--force", "--keep-storage", "1MB")
    assert "Total reclaimed space: 3.146MB" in said
    assert "Total:" not in build.docker("builder", "prune", "--all", "--force")


def _sleeping(build: Builder) -> "subprocess.Popen[str]":
    """A client whose build is at a step that does not end."""
    build.write("FROM {base}\nRUN echo up; sleep 1000\n")
    argv = build.docker.argv("build", build.path)
    client = subprocess.Popen(
        argv, env=build.docker.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    until("the step to run", lambda: client.stdout and client.stdout.readline() == "up\n")
    return client


def _left(engine: EngineProcess) -> list[str]:
    """What of a build can be seen: steps, their files, namespaces, mounts, and half-made layers."""
    home, run = engine.config.home, engine.config.run
    folders = [run / "runtime", run / "containers", run / "mounts", run / "netns", home / "containers"]
    folders += [home / "overlay/staging", home / "images/ingest"]
    left = [str(path) for folder in folders if folder.is_dir() for path in folder.iterdir() if path.name != "program"]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return left + [line for line in mounts if str(home / "overlay") in line]


def _post(engine: EngineProcess, target: str, body: bytes, headers: dict[str, str]) -> bytes:
    connection = api.connect(engine.socket)
    try:
        connection.request("POST", target, body, {"Content-Type": "application/x-tar", **headers})
        return connection.getresponse().read()
    finally:
        connection.close()


def test_the_example_of_the_notes_builds_and_runs(build: Builder, tmp_path: Path) -> None:
    """An image as `python` is one, a program with its requirements on it, arguments after its entry point."""
    (tmp_path / "python").mkdir()
    base = Builder(build.docker, tmp_path / "python", build.base)
    python.lay_out(base.path / "files")
    base('FROM {base}\nCOPY files /\nENV PYTHONPATH=\nCMD ["python3"]\n', None, "--quiet", "--tag", "python")
    python.wheel(build.path, "greeting", 'def greet(name):\n    return f"hello {name}"\n')
    done = build(
        """
        FROM python
        MAINTAINER somebody
        COPY . /app
        WORKDIR /app
        RUN pip install -r requirements.txt
        EXPOSE 8000
        ENTRYPOINT ["python", "app.py"]
        CMD ["world"]
        """,
        {
            "app.py": "import greeting, sys\nprint(greeting.greet(sys.argv[1]))\n",
            "requirements.txt": "./greeting-1.0-py3-none-any.whl\n",
        },
        *("--tag", "app", "--network", "none"),
    )
    assert "Successfully installed greeting-1.0" in done.stdout
    assert build.docker("run", "--rm", "app") == "hello world"
    assert build.docker("run", "--rm", "app", "you") == "hello you"


def test_a_linked_layer_does_not_depend_on_what_is_below(build: Builder) -> None:
    dockerfile = (
        "FROM {base}\nRUN echo %s > /below\nCOPY --link --chown=www-data data /a/b\nRUN cat /a/b /below > /both\n"
    )
    one = build(dockerfile.replace("%s", "1"), {"data": "linked\n"}, "--tag", "one")
    two = build(dockerfile.replace("%s", "2"), None, "--tag", "two")
    assert " ---> Using cache" not in one.stdout
    assert two.stdout.count(" ---> Using cache") == 1
    assert build.run("one", "cat", "/both").split() == ["linked", "1"]
    assert build.run("two", "cat", "/both").split() == ["linked", "2"]
    assert build.run("two", "stat", "-c", "%u:%g", "/a/b") == "33:33"


def test_a_cache_does_not_outgrow_its_limit(
    make_engine: Callable[..., EngineProcess], busybox: str, tmp_path: Path
) -> None:
    engine = make_engine(environment={"PORTSIDE_BUILD_CACHE_MB": "5"})
    build = Builder(engine.docker, tmp_path, busybox)
    for number in range(3):
        build(f"FROM {{base}}\nRUN dd if=/dev/zero of=/big bs=1M count={number + 2}\n")
        engine.docker("image", "prune", "--force")
    build("FROM {base}\nRUN true\n")

    def size() -> int:
        rows = api.request(engine.socket, "GET", "/system/df?type=build-cache").json["BuildCache"]
        return sum(row["Size"] for row in rows if not row["Shared"])

    until("the cache to be small enough", lambda: 0 < size() <= 5_000_000)


def test_a_squashed_image_has_one_layer_more_than_its_base(build: Builder, engine: EngineProcess) -> None:
    dockerfile = f"""FROM {build.base}
RUN mkdir -p /a/b && echo 1 > /a/b/gone && echo 2 > /a/kept && echo secret > /erased && rm /etc/group
RUN rm -r /a/b /erased && mkdir /a/b && echo 3 > /a/b/new && ln /a/kept /a/linked && ln -s kept /a/link
ENV A=1
"""
    tar = context({"Dockerfile": dockerfile})
    api.request(engine.socket, "POST", "/build?t=plain", tar, content_type="application/x-tar")
    answer = api.request(engine.socket, "POST", "/build?t=squashed&squash=1", tar, content_type="application/x-tar")
    assert messages(answer.body)[-1]["stream"] == "Successfully tagged squashed:latest\n"
    layers = [len(build.inspect(image)["RootFS"]["Layers"]) for image in (build.base, "plain", "squashed")]
    assert layers == [1, 3, 2]
    assert set(build.layer("squashed")) == {
        *("a", "a/b", "a/b/new", "a/kept", "a/link", "a/linked", "etc", "etc/.wh.group"),
    }
    listing = "find / -xdev -path '/[^dpst]*' -exec stat -c '%n %F %a %s' {} + | sort | grep -v '^/etc/[hr]'"
    assert build.run("squashed", "sh", "-c", listing) == build.run("plain", "sh", "-c", listing)
    assert build.run("squashed", "stat", "-c", "%h", "/a/kept") == "2"
    assert build.inspect("squashed")["Config"] == build.inspect("plain")["Config"]
