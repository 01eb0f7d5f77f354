"""What can be permitted, by name, and the roles: the usual sets of permissions.

The names are the words of the console, of API tokens' scopes and of the audit alike.
"""

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """One thing that a person, a token or a schedule may do on a host or with a project's objects."""

    SEE = "see"
    LOGS = "logs"
    EXEC = "exec"
    #: Also start, stop, restart, pause, kill and rename; pull; make volumes and networks.
    RUN = "run"
    #: What is root on the host: privileged containers, host namespaces, devices, bind mounts anywhere.
    PRIVILEGED_RUN = "privileged-run"
    BUILD = "build"
    PUSH = "push"
    DELETE = "delete"
    SECRETS = "secrets"
    #: People, grants, hosts and settings.
    MANAGE = "manage"


class Role(StrEnum):
    """A named set of permissions; `permissions` has the set."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    BUILDER = "builder"
    MAINTAINER = "maintainer"
    ADMINISTRATOR = "administrator"

    @property
    def permissions(self) -> frozenset[Permission]:
        return _ROLES[self]


_VIEWER: Final = frozenset({Permission.SEE, Permission.LOGS})
_OPERATOR: Final = _VIEWER | {Permission.EXEC, Permission.RUN}
_BUILDER: Final = _VIEWER | {Permission.BUILD, Permission.PUSH}
_MAINTAINER: Final = _OPERATOR | _BUILDER | {Permission.DELETE, Permission.SECRETS}
_ROLES: Final = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.BUILDER: _BUILDER,
    Role.MAINTAINER: _MAINTAINER,
    Role.ADMINISTRATOR: frozenset(Permission),
}
