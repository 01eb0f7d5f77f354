"""Finding a container by what a user types: a name, an ID, or the beginning of an ID."""

from collections.abc import Iterator

from engine.container.container import Container
from engine.errors import Conflict, InvalidParameter, NotFound


class Index:
    """All containers, by ID and by name. Names are held without the leading slash of the API."""

    def __init__(self) -> None:
        self._by_id: dict[str, Container] = {}
        self._names: dict[str, str] = {}

    def __iter__(self) -> Iterator[Container]:
        return iter(tuple(self._by_id.values()))

    def find(self, ref: str) -> Container:
        """Full ID, then name, then a unique ID prefix: Docker's order.

        Raises NotFound, and InvalidParameter for a prefix of several IDs.
        """
        name = ref.removeprefix("/")
        identifier = ref if ref in self._by_id else self._names.get(name)
        if identifier is not None:
            return self._by_id[identifier]
        matches = [container for key, container in self._by_id.items() if ref and key.startswith(ref)]
        if len(matches) > 1:
            raise InvalidParameter(f"Multiple IDs found with provided prefix: {ref}")
        if not matches:
            raise NotFound(f"No such container: {ref}")
        return matches[0]

    def reserve(self, name: str, identifier: str) -> None:
        """Take the name for a container that is being made, or raise Conflict."""
        owner = self._names.setdefault(name, identifier)
        if owner != identifier:
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container "{owner}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )

    def is_taken(self, name: str) -> bool:
        return name in self._names

    def release(self, name: str) -> None:
        self._names.pop(name, None)

    def add(self, container: Container) -> None:
        self._names[container.name] = container.id
        self._by_id[container.id] = container

    def remove(self, container: Container) -> None:
        self._by_id.pop(container.id, None)
        if self._names.get(container.name) == container.id:
            del self._names[container.name]

    def lost(self, container: Container) -> bool:
        """Has the container been removed since it was found?"""
        return container.id not in self._by_id
