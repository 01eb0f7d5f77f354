"""What one user may do, where: the union of all that was granted to them and to their teams."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from dashboard.access.models import Grant
from dashboard.access.permissions import Permission, Role
from dashboard.accounts.models import User

_NOTHING: Final[frozenset[Permission]] = frozenset()


@dataclass(frozen=True)
class Rights:
    """`hosts` by name; `projects` by slug; `places` are the names of the hosts that a project of `projects` is on."""

    everywhere: frozenset[Permission] = _NOTHING
    hosts: Mapping[str, frozenset[Permission]] = field(default_factory=dict)
    projects: Mapping[str, frozenset[Permission]] = field(default_factory=dict)
    places: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def on_host(self, host: str) -> frozenset[Permission]:
        """What is permitted with everything on `host`."""
        return self.everywhere | self.hosts.get(host, _NOTHING)

    def has(self, permission: Permission, host: str) -> bool:
        """Whether `permission` holds for everything on `host`."""
        return permission in self.on_host(host)

    def hosts_with(self, permission: Permission) -> frozenset[str]:
        """The hosts that `permission` was granted on, besides those where it holds because it does everywhere."""
        return frozenset(name for name, permitted in self.hosts.items() if permission in permitted)

    def projects_with(self, permission: Permission, host: str) -> frozenset[str]:
        """The projects on `host` for whose objects `permission` holds."""
        return frozenset(
            slug
            for slug, permitted in self.projects.items()
            if permission in permitted and host in self.places.get(slug, ())
        )

    def somewhere_on(self, host: str) -> frozenset[Permission]:
        """What is permitted for all, or for some project's part, of `host`."""
        parts = (permitted for slug, permitted in self.projects.items() if host in self.places.get(slug, ()))
        return self.on_host(host).union(*parts)

    def has_somewhere(self, permission: Permission, host: str) -> bool:
        """Whether `permission` holds for all, or for a project's part, of `host`."""
        return permission in self.somewhere_on(host)


ALL: Final = Rights(everywhere=frozenset(Permission))
NONE: Final = Rights()


def rights_of(user: AbstractBaseUser | AnonymousUser | None) -> Rights:
    """At most two queries; none for a superuser, who may do everything, and for a stranger, who may do nothing."""
    if not isinstance(user, User) or not user.is_active:
        return NONE
    if user.is_superuser:
        return ALL
    grants = Grant.objects.filter(Q(user=user) | Q(team__members=user))
    return _joined(set(grants.values_list("role", "host__name", "project__slug", "project__hosts__name")))


arights_of = sync_to_async(rights_of)


def _joined(rows: Iterable[tuple[str, str | None, str | None, str | None]]) -> Rights:
    everywhere: frozenset[Permission] = _NOTHING
    hosts: dict[str, frozenset[Permission]] = defaultdict(frozenset)
    projects: dict[str, frozenset[Permission]] = defaultdict(frozenset)
    places: dict[str, frozenset[str]] = defaultdict(frozenset)
    for role, host, project, place in rows:
        permitted = Role(role).permissions
        if project is not None:
            projects[project] |= permitted
            places[project] |= {place} if place else frozenset()
        elif host is not None:
            hosts[host] |= permitted
        else:
            everywhere |= permitted
    return Rights(everywhere, dict(hosts), dict(projects), dict(places))
