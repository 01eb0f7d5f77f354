"""The form from which a network is made."""

from ipaddress import ip_address, ip_network
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.containers.forms import LinesField
from dashboard.hosts.forms import pair
from dashboard.hosts.reference import NameConverter

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class CreateForm(forms.Form):
    """`docker network create`."""

    name = forms.RegexField(
        rf"^{NameConverter.regex}\Z",
        label=_("Name"),
        error_messages={"invalid": _("Letters, digits, and . _ - after the first")},
        widget=forms.TextInput(attrs=_PLAIN),
    )
    driver = forms.CharField(label=_("Driver"), initial="bridge", max_length=255)
    subnet = forms.CharField(
        label=_("Subnet"),
        required=False,
        help_text=_("Empty: the engine chooses one"),
        widget=forms.TextInput(attrs=_PLAIN | {"placeholder": "10.5.0.0/16"}),
    )
    gateway = forms.CharField(
        label=_("Gateway"), required=False, widget=forms.TextInput(attrs=_PLAIN | {"placeholder": "10.5.0.1"})
    )
    labels = LinesField(pair, label=_("Labels"), required=False, help_text=_("name=value, one a line"))
    internal = forms.BooleanField(label=_("Internal: no way out of the host"), required=False)

    def clean_subnet(self) -> str:
        text: str = self.cleaned_data["subnet"]
        try:
            return str(ip_network(text)) if text else ""
        except ValueError:
            raise forms.ValidationError(_("Not a subnet such as 10.5.0.0/16")) from None

    def clean_gateway(self) -> str:
        text: str = self.cleaned_data["gateway"]
        try:
            return str(ip_address(text)) if text else ""
        except ValueError:
            raise forms.ValidationError(_("Not an address such as 10.5.0.1")) from None

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("gateway") and not self.data.get("subnet", "").strip():
            self.add_error("subnet", _("A gateway needs a subnet to be in"))
        return self.cleaned_data

    def body(self) -> dict[str, Any]:
        """The body of `POST /networks/create`."""
        given = self.cleaned_data
        pool = {key: given[field] for key, field in (("Subnet", "subnet"), ("Gateway", "gateway")) if given[field]}
        return {
            "Name": given["name"],
            "Driver": given["driver"],
            "Internal": given["internal"],
            # Two networks of one name help nobody; API versions before 1.44 ask for the check by this.
            "CheckDuplicate": True,
            "IPAM": {"Driver": "default", "Config": [pool] if pool else []},
            "Labels": dict(given["labels"]),
        }
