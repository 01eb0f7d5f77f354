"""Saving a build: from a form, or from the API."""

from django.db import IntegrityError, transaction

from dashboard.accounts.models import User
from dashboard.builds.definition import Definition, unmasked
from dashboard.builds.models import SavedBuild
from dashboard.hosts.models import Host
from dashboard.sealing import seal


class Taken(Exception):
    """The host has a build of this name; the text is for the user."""


def create(host: Host, owner: User, name: str, definition: Definition, *, token: str = "") -> SavedBuild:
    """Raises Taken. Blocking."""
    build = SavedBuild(host=host, owner=owner, name=name)
    return _saved(build, definition, seal(token) if token else "")


def change(build: SavedBuild, owner: User, name: str, definition: Definition, *, token: str | None) -> SavedBuild:
    """`token` None keeps the one that there is, unless the repository is another one. Blocking. Raises Taken."""
    kept = build.sealed_token if _repository(definition) == build.repository else ""
    arguments = unmasked(definition.build_args, build.defined.build_args)
    build.owner, build.name = owner, name
    sealed = kept if token is None else (seal(token) if token else "")
    return _saved(build, definition.model_copy(update={"build_args": arguments}), sealed)


def _saved(build: SavedBuild, definition: Definition, sealed: str) -> SavedBuild:
    build.definition = definition.model_dump(mode="json")
    build.sealed_token = sealed
    build.__dict__.pop("defined", None)
    try:
        with transaction.atomic():
            build.save()
    except IntegrityError as error:
        raise Taken(f"There is a build called {build.name} on {build.host}") from error
    return build


def _repository(definition: Definition) -> str:
    return getattr(definition.source, "url", "")
