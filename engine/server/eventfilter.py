"""Which events a client of `GET /events` wants: moby's rules (daemon/events/filter.go)."""

from collections.abc import Mapping, Sequence
from typing import Final

from engine.errors import InvalidParameter
from engine.events import Event

#: Objects that a filter can name, by ID or by name, each by the beginning of either.
_OBJECTS: Final = ("container", "volume", "network", "daemon", "plugin", "service", "node", "secret", "config")
_KNOWN: Final = frozenset({*_OBJECTS, "type", "event", "image", "label", "scope"})
#: Actions that say more behind a colon (`exec_start: sh`): the filter names what is before it.
_WITH_DETAIL: Final = frozenset({"exec_create", "exec_start", "health_status"})
_SCOPE: Final = "local"


class EventFilter:
    """Every filter must be met, by any of its values; of labels all must be there.

    Raises InvalidParameter for a filter that is none.
    """

    def __init__(self, filters: Mapping[str, Sequence[str]]) -> None:
        for name in filters:
            if name not in _KNOWN:
                raise InvalidParameter(f"invalid filter '{name}'")
        self._filters = filters

    def passes(self, event: Event) -> bool:
        return (
            self._is_any("type", event.kind)
            and self._is_any("scope", _SCOPE)
            and self._has_action(event.action)
            and all(self._begins(name, event.actor, event.attributes.get("name", "")) for name in _OBJECTS)
            and self._is_of_image(event)
            and all(_has_label(event, wanted) for wanted in self._filters.get("label", ()))
        )

    def _is_any(self, name: str, *candidates: str) -> bool:
        return name not in self._filters or any(value in candidates for value in self._filters[name])

    def _begins(self, name: str, *candidates: str) -> bool:
        if name not in self._filters:
            return True
        return any(candidate.startswith(value) for value in self._filters[name] for candidate in candidates)

    def _has_action(self, action: str) -> bool:
        general = action.partition(":")[0]
        return self._is_any("event", action, general if general in _WITH_DETAIL else action)

    def _is_of_image(self, event: Event) -> bool:
        name = event.attributes.get("name" if event.kind == "image" else "image", "")
        return self._is_any("image", event.actor, name, _without_tag(event.actor), _without_tag(name))


def _has_label(event: Event, wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    return name in event.attributes and (not equals or event.attributes[name] == value)


def _without_tag(reference: str) -> str:
    head, colon, tag = reference.rpartition(":")
    return head if colon and "/" not in tag else reference
