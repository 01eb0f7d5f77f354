"""Building with the unmodified docker client: a Dockerfile and files in, what the client said out."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.docker_cli import Docker


@dataclass(frozen=True)
class Context:
    """A folder with a Dockerfile; each file's text is given by its path."""

    path: Path

    def write(self, dockerfile: str, files: Mapping[str, str] | None = None) -> "Context":
        for name, text in {"Dockerfile": dockerfile, **(files or {})}.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return self


@dataclass(frozen=True)
class Builder:
    """`build(dockerfile, {"path": "text"}, "--option")` returns the client's outcome; it fails where that is no 0."""

    docker: Docker
    path: Path

    def __call__(
        self, dockerfile: str, files: Mapping[str, str] | None = None, *options: str, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        context = Context(self.path).write(dockerfile, files)
        return self.docker.run("build", *options, context.path, check=check, timeout=100)

    def image(self, dockerfile: str, files: Mapping[str, str] | None = None, *options: str) -> str:
        """The ID of the image that was built."""
        return self("\n" + dockerfile, files, "--quiet", *options).stdout.strip()

    def said_in(self, image: str, *words: str) -> str:
        """The standard output of a container of the image."""
        return self.docker("run", "--rm", image, *words)

    def inspect(self, image: str) -> Any:
        return json.loads(self.docker("inspect", "--type", "image", image))[0]
