"""Parts of forms that several kinds of objects share."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from dashboard.hosts.reference import NameConverter


class NamesField(forms.TypedMultipleChoiceField):
    """Names or IDs that were ticked, each by the rule of NameConverter: it becomes a part of an engine's address."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=str, **options)
        self._name = forms.RegexField(rf"^{NameConverter.regex}\Z")

    def valid_value(self, value: Any) -> bool:
        try:
            return bool(self._name.clean(value))
        except forms.ValidationError:
            return False


class TickedForm(forms.Form):
    """Which objects a bulk action is for."""

    name = NamesField()


def pair(line: str) -> tuple[str, str]:
    """`name=value` of a label or an option; raises ValueError."""
    name, _separator, value = line.partition("=")
    if not name.strip():
        raise ValueError(_("A name is missing before = in: %(line)s") % {"line": line})
    return name.strip(), value
