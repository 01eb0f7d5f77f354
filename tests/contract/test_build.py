"""Images that are built: their config, their history and their files are dockerd's, field by field."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.builds import Builder, images_removed
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root

_FILES: Mapping[str, str] = {
    "a.txt": "a",
    "b.txt": "bb",
    "sub/deep/c.txt": "ccc",
    "sub/d.txt": "d",
    "sub/run.sh": "#!/bin/sh\n",
    ".hidden": "h",
}
_DOCKERFILES: Mapping[str, str] = {
    "metadata": """
        FROM {base}
        MAINTAINER somebody <some@body>
        ARG FIRST=1
        ARG SECOND
        ENV A=1 B="two words" C=$FIRST
        ENV A=$A/more
        LABEL one=1 "two"="2 and" three='3'
        EXPOSE 80 443/tcp 53/udp
        VOLUME /data /more
        USER nobody
        STOPSIGNAL SIGINT
        SHELL ["/bin/sh", "-ec"]
        CMD echo $A
        HEALTHCHECK --interval=90s --timeout=3s --retries=2 CMD wget -q localhost || exit 1
        ONBUILD RUN echo later
        ONBUILD COPY . /x
        """,
    "commands": """
        FROM {base}
        CMD ["first", "says \\"hi\\""]
        ENTRYPOINT ["/bin/echo"]
        CMD ["second"]
        HEALTHCHECK NONE
        """,
    "entrypoint-resets": """
        FROM {base}
        ENTRYPOINT exec top
        """,
    "runs": """
        FROM {base}
        ARG WHO=you
        ENV PLACE=here
        RUN echo $WHO $PLACE > /said
        RUN ["touch", "/touched"]
        RUN true
        RUN rm /touched && mkdir -p /made/below && echo 1 > /made/below/file && chmod 750 /made && chown 3:4 /made/below
        WORKDIR /made
        WORKDIR below/more
        RUN pwd > where
        USER 33:44
        RUN id -u > /tmp/id
        """,
    "copies": """
        FROM {base}
        COPY a.txt /plain
        COPY a.txt b.txt /both/
        COPY *.txt /wild/
        COPY sub /folder
        COPY sub/ /folder/again/
        COPY sub/deep /folder
        COPY . /all
        ADD a.txt /added/
        WORKDIR /work
        COPY a.txt .
        COPY a.txt named
        COPY --chown=33:44 sub owned
        COPY ["b.txt", "/with space/b"]
        RUN mkdir -p /real && ln -s /real /link && ln -s /real/linked /tolink && echo old > /real/linked
        COPY a.txt /link/
        COPY b.txt /tolink
        """,
    "stages": """
        ARG TAG={base}
        FROM $TAG AS one
        COPY --chown=5:6 a.txt /out/
        RUN echo 1 > /out/b && chmod 600 /out/b && ln -s b /out/link
        FROM {base}
        COPY --from=one /out /in
        COPY --from=0 /out/link /followed
        COPY --from=one /out/* /many/
        """,
}
#: What differs for good reason: a checksum of what was copied is each builder's own, and newer versions of the classic
#: builder, as this one, know one more time of a health check.
_CHECKSUM = re.compile(r"(file|dir|multi):[0-9a-f]{64}")
_START_INTERVAL = re.compile(r'(HEALTHCHECK &\{\[.*\](?: "[0-9a-z]+"){3}) "0s"')
#: Of the container that lists, and not of the image.
_NOT_OURS = ("/proc*", "/sys*", "/dev*", "/bin/*", "/.dockerenv", "/etc/host*", "/etc/resolv.conf", "/etc/mtab")
_LISTING = (
    "find / -xdev "
    + " ".join(f"! -path '{path}'" for path in _NOT_OURS)
    + " -exec stat -c '%n|%F|%a|%u:%g' {} + | sort"
)


@pytest.fixture(scope="module")
def dockers(
    shared_engine: EngineProcess, dockerd_with_busybox: Docker, busybox: str
) -> Iterator[tuple[Docker, Docker]]:
    shared_engine.docker("pull", "--quiet", busybox)
    with images_removed(shared_engine.docker), images_removed(dockerd_with_busybox):
        yield shared_engine.docker, dockerd_with_busybox


@pytest.mark.parametrize("name", _DOCKERFILES)
def test_the_image_is_what_dockerd_makes(
    name: str, dockers: tuple[Docker, Docker], busybox: str, tmp_path: Path
) -> None:
    ours, theirs = (_built(Builder(docker, tmp_path, busybox), _DOCKERFILES[name]) for docker in dockers)
    for field, value in theirs.items():
        assert ours[field] == value, field


def _built(build: Builder, dockerfile: str) -> dict[str, Any]:
    image = build.image(dockerfile, _FILES, "--network", "none")
    document = build.inspect(image)
    config = {key: value for key, value in document["Config"].items() if value not in (None, "", [], {}, False)}
    for only_dockerds in ("Image", "Hostname"):
        config.pop(only_dockerds, None)
    return {
        "config": config,
        "author": document["Author"],
        "history": [_START_INTERVAL.sub(r"\1", _CHECKSUM.sub(r"\1:…", line)) for line in build.history(image)],
        "layers": len(document["RootFS"]["Layers"]),
        "files": build.run(image, "sh", "-c", _LISTING).splitlines(),
    }
