"""The form from which an image is pulled."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.jobs.params import InvalidParams, Kind, validated


class PullForm(forms.Form):
    """`docker pull`, as parameters of a Job of kind PULL."""

    image = forms.CharField(
        label=_("Image"),
        max_length=512,
        widget=forms.TextInput(
            attrs={"placeholder": "debian:12", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            try:
                validated(Kind.PULL, self.params())
            except InvalidParams:
                self.add_error("image", _("This is not the name of an image, such as debian:12 or host:5000/team/app"))
        return self.cleaned_data

    def params(self) -> dict[str, Any]:
        return {"image": self.cleaned_data["image"]}


class RemoveForm(forms.Form):
    """Which tag or image to remove."""

    # It begins with a letter or digit, so that it is never a step up in the engine's address.
    reference = forms.RegexField(r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$", max_length=512)
