"""The form from which an image is built."""

import uuid
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from dashboard.containers.forms import LinesField
from dashboard.jobs import files
from dashboard.jobs.params import InvalidParams, Kind, validated

_PLAIN: Final = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
#: Parameters of the job that carry another name as fields.
_FIELD_OF: Final = {"build_args": "arguments", "source": "dockerfile"}


def _argument(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        raise ValueError(_("%(line)r is not an argument: NAME=value") % {"line": line})
    return name, value


class BuildForm(forms.Form):
    """`docker build`, as parameters of a job of kind BUILD: from a Dockerfile, an archive, or a repository."""

    dockerfile = forms.CharField(
        label=_("Dockerfile"),
        required=False,
        widget=forms.Textarea(attrs=_PLAIN | {"class": "code", "rows": 12, "placeholder": "FROM debian:12"}),
        help_text=_("Or leave this empty, and send an archive or name a repository."),
    )
    archive = forms.FileField(label=_("Archive"), required=False, help_text=_("A tar or zip with a Dockerfile."))
    repository = forms.CharField(
        label=_("Repository"),
        required=False,
        widget=forms.TextInput(attrs=_PLAIN | {"placeholder": "https://git.example/team/app.git"}),
    )
    ref = forms.CharField(label=_("Branch, tag or commit"), required=False, widget=forms.TextInput(attrs=_PLAIN))
    tags = LinesField(str, label=_("Tags"), required=False, help_text=_("One a line: host:5000/team/app:1"))
    arguments = LinesField(_argument, label=_("Arguments"), required=False, help_text=_("One a line: NAME=value"))
    target = forms.CharField(label=_("Target"), required=False, widget=forms.TextInput(attrs=_PLAIN))
    no_cache = forms.BooleanField(label=_("Without the cache"), required=False)
    push = forms.BooleanField(label=_("Push the tags afterwards"), required=False)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self._check()
        return self.cleaned_data

    def params(self) -> dict[str, Any]:
        """What a job of kind BUILD is told, as JSON."""
        data = self.cleaned_data
        return {
            "source": self._source(),
            "tags": data["tags"],
            "build_args": dict(data["arguments"]),
            "target": data["target"],
            "no_cache": data["no_cache"],
            "push": data["push"],
        }

    def keep_archive(self) -> None:
        """Lay the upload, of a valid form, where builds find it. Raises OSError."""
        sent: UploadedFile[bytes] | None = self.cleaned_data["archive"]
        if sent is not None:
            with files.UPLOADS.writing(self._archive) as draft:
                for piece in sent.chunks():
                    draft.write(piece)

    def _source(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["archive"] is not None:
            return {"type": "archive", "archive": str(self._archive)}
        if data["repository"]:
            return {"type": "git", "url": data["repository"], "ref": data["ref"]}
        return {"type": "inline", "files": {"Dockerfile": data["dockerfile"]}}

    def _check(self) -> None:
        chosen = [name for name in ("dockerfile", "archive", "repository") if self.cleaned_data[name]]
        if len(chosen) != 1:
            self.add_error(None, _("Choose one: a Dockerfile, an archive, or a repository"))
            return
        self._archive = uuid.uuid4()
        try:
            validated(Kind.BUILD, self.params())
        except InvalidParams as invalid:
            for field, reason in invalid.problems:
                name = _FIELD_OF.get(field.partition(".")[0], field.partition(".")[0])
                self.add_error(name if name in self.fields else None, reason)
