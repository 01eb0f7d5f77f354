"""The form of a host."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.hosts.models import LOCAL, Host


class HostForm(forms.ModelForm):  # type: ignore[type-arg]  # subscripted for the checker alone
    """A name for people and addresses, and where its engine listens.

    The local host's own address follows the installation; the name of a host is in links and cannot change.
    """

    class Meta:
        model = Host
        fields = ("name", "url")
        help_texts: ClassVar = {"url": _("unix:///run/portside/engine.sock, or tcp://address:port in your network")}

    def __init__(self, data: Any = None, *, instance: Host | None = None) -> None:
        super().__init__(data, instance=instance)
        if instance is not None:
            self.fields["name"].disabled = True
            self.fields["url"].disabled = instance.name == LOCAL

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
            return url
        if parts.scheme == "tcp" and parts.hostname and not parts.path.strip("/"):
            return url.rstrip("/")
        raise forms.ValidationError(_("This is neither unix:///path nor tcp://address:port"))
