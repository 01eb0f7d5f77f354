"""What a build is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.container.config import HostConfig
from engine.image.reference import Reference
from engine.registry.auth import NOBODY, Credentials


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """A request to build, decoded. What the API calls `limits` holds for every RUN step.

    `remote` is where the context comes from when it does not come with the request. `secrets` are the values of `RUN
    --mount=type=secret` by id; `keep_failed` keeps the files of a RUN step that fails, as an image. `epoch` is what
    SOURCE_DATE_EPOCH says: the time of all that is made, and the latest of a file, in Unix seconds.
    """

    dockerfile: str = "Dockerfile"
    tags: tuple[Reference, ...] = ()
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    remote: str = ""
    network: str = "default"
    limits: HostConfig = field(default_factory=HostConfig)
    use_cache: bool = True
    cache_from: tuple[str, ...] = ()
    pull: bool = False
    quiet: bool = False
    squash: bool = False
    keep_failed: bool = False
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def epoch(self) -> int | None:
        text = self.args.get("SOURCE_DATE_EPOCH", "")
        return int(text) if text.isdecimal() and len(text) < 12 else None

    def credentials_for(self, host: str) -> Credentials:
        return self.credentials.get(host, NOBODY)
