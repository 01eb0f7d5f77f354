"""The form from which a volume is made."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.containers.forms import LinesField
from dashboard.hosts.forms import pair
from dashboard.hosts.reference import NameConverter


class CreateForm(forms.Form):
    """`docker volume create`."""

    name = forms.RegexField(
        rf"^{NameConverter.regex}\Z",
        label=_("Name"),
        required=False,
        help_text=_("Empty: the engine makes one up"),
        error_messages={"invalid": _("Letters, digits, and . _ - after the first")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    driver = forms.CharField(label=_("Driver"), initial="local", max_length=255)
    labels = LinesField(pair, label=_("Labels"), required=False, help_text=_("name=value, one a line"))
    options = LinesField(pair, label=_("Driver options"), required=False, help_text=_("name=value, one a line"))

    def body(self) -> dict[str, Any]:
        """The API's `VolumeCreateOptions`."""
        given = self.cleaned_data
        return {
            "Name": given["name"],
            "Driver": given["driver"],
            "DriverOpts": dict(given["options"]),
            "Labels": dict(given["labels"]),
        }
