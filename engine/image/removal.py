"""What `docker rmi` may remove: Docker's rules, as decisions over values.

A *hard* reason stands against `--force` too. Rules and messages: moby's daemon/images/image_delete.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import Conflict
from engine.ids import short_id
from engine.image.reference import Reference

#: A container's ID, and whether it runs.
User = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an image can't go. `in_use`: a container has it."""

    reason: str
    hard: bool
    in_use: bool

    def error(self, image_id: str) -> Conflict:
        forcing = "cannot be forced" if self.hard else "must be forced"
        return Conflict(f"conflict: unable to delete {short_id(image_id)} ({forcing}) - {self.reason}")


def obstacle(users: Sequence[User], names: Sequence[Reference], *, force: bool) -> Obstacle | None:
    """The first thing that stands against deleting an image with these containers and references."""
    running = next((container for container, runs in users if runs), None)
    if running:
        return Obstacle(f"image is being used by running container {short_id(running)}", hard=True, in_use=True)
    if force:
        return None
    if names:
        return Obstacle("image is referenced in multiple repositories", hard=False, in_use=False)
    if users:
        return Obstacle(f"image is being used by stopped container {short_id(users[0][0])}", hard=False, in_use=True)
    return None


def is_single(names: Sequence[Reference]) -> bool:
    """Do these references amount to one name: a tag at most, and digests of the same repository?"""
    if len(names) <= 1:
        return True
    tags = [name for name in names if name.digest is None]
    repositories = {name.name for name in names if name.digest is not None}
    return len(tags) <= 1 and repositories == {(tags or names)[0].name}


def orphaned_digests(removed: Reference, left: Sequence[Reference]) -> list[Reference]:
    """The digest references that go with a tag: those of its repository, when it was the last tag there."""
    if removed.digest is not None:
        return []
    same = [name for name in left if name.name == removed.name]
    return [] if any(name.digest is None for name in same) else same


def is_id_prefix(image_id: str, text: str) -> bool:
    """Did the user name the image by its ID?"""
    return image_id.startswith(text) or image_id.removeprefix("sha256:").startswith(text)
