"""What a view needs: declared beside it, enforced in one place (`dashboard.access.middleware`).

A view without a declaration is refused to everybody: a new page is never open by being forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from dashboard.access.permissions import Permission

V = TypeVar("V", bound=Callable[..., Any])

#: Which permission, by the parts of the address.
Chosen = Callable[[Mapping[str, Any]], Permission]
_ATTRIBUTE: Final = "portside_need"


@dataclass(frozen=True)
class Need:
    """What must hold before a view is called.

    With a host in the address `permission` is asked for on that host, or, where the address names an object of it, in
    a project that owns the object. Without a host it is asked for everywhere. `is_for_parts` lets in also those who
    have it for a project's part of the host: the view then shows and takes no other objects. No permission at all
    means that every signed-in user may: the view is about that user alone.
    """

    permission: Permission | Chosen | None
    is_for_parts: bool = False

    def permission_for(self, parts: Mapping[str, Any]) -> Permission | None:
        """The permission for an address with `parts`."""
        if self.permission is None or isinstance(self.permission, Permission):
            return self.permission
        return self.permission(parts)


def needs(permission: Permission | Chosen, *, for_parts: bool = False) -> Callable[[V], V]:
    """Declare what a view needs. `for_parts`: see `Need.is_for_parts`."""
    return _declared(Need(permission, for_parts))


def personal(view: V) -> V:
    """Declare that a view is about the signed-in user alone, and needs nothing else."""
    return _declared(Need(None))(view)


def need_of(view: Callable[..., Any]) -> Need | None:
    """What `view` declares; None where it declares nothing."""
    found = getattr(view, _ATTRIBUTE, None)
    return found if isinstance(found, Need) else None


def _declared(need: Need) -> Callable[[V], V]:
    def declare(view: V) -> V:
        setattr(view, _ATTRIBUTE, need)
        return view

    return declare
