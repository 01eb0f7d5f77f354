"""Building with the unmodified docker client: a Dockerfile and files in, what the client said out."""

import io
import json
import subprocess
import tarfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.docker_cli import Docker

_PATIENCE: Final = 100


@dataclass(frozen=True)
class Builder:
    """`build(dockerfile, {"path": "text"}, "--option")` returns the client's outcome; it fails where that is no 0.

    `{base}` in a Dockerfile is the base image.
    """

    docker: Docker
    path: Path
    base: str

    def __call__(
        self, dockerfile: str, files: Mapping[str, str] | None = None, *options: str, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        self.write(dockerfile, files)
        return self.docker.run("build", *options, self.path, check=check, timeout=_PATIENCE)

    def write(self, dockerfile: str, files: Mapping[str, str] | None = None) -> None:
        """Only the context."""
        text = textwrap.dedent(dockerfile).replace("{base}", self.base)
        for name, content in {"Dockerfile": text, **(files or {})}.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)

    def image(self, dockerfile: str, files: Mapping[str, str] | None = None, *options: str) -> str:
        """The ID of the image that was built."""
        return self(dockerfile, files, "--quiet", *options).stdout.strip()

    def run(self, image: str, *words: str) -> str:
        """The standard output of a container of the image."""
        return self.docker("run", "--rm", "--entrypoint", words[0], image, *words[1:])

    def inspect(self, image: str) -> Any:
        return json.loads(self.docker("inspect", "--type", "image", image))[0]

    def history(self, image: str) -> list[str]:
        """What each layer was made by, the first one first."""
        said = self.docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
        return said.splitlines()[::-1]

    def layer(self, image: str) -> dict[str, tarfile.TarInfo]:
        """The entries of the image's last layer."""
        archive = self.path.with_name("saved.tar")
        self.docker("save", "--output", archive, image)
        with tarfile.open(archive) as saved:
            last = json.load(_member(saved, "manifest.json"))[0]["Layers"][-1]
            with tarfile.open(fileobj=_member(saved, last)) as layer:
                return {member.name: member for member in layer}


@contextmanager
def images_removed(docker: Docker) -> Iterator[None]:
    """Behind the block the images are those that there were before it."""
    before = set(docker("images", "--quiet", "--no-trunc").split())
    yield
    if made := set(docker("images", "--quiet", "--no-trunc").split()) - before:
        docker("rmi", "--force", *made)


def context(files: Mapping[str, str]) -> bytes:
    """A tar with these files, as clients send it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return data.getvalue()


def messages(body: bytes) -> list[dict[str, Any]]:
    """The stream of a build, decoded."""
    return [json.loads(line) for line in body.splitlines()]


def _member(archive: tarfile.TarFile, name: str) -> Any:
    return archive.extractfile(name)
