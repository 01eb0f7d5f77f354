"""The form in which a build is written down."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from dashboard.builds.definition import Definition
from dashboard.builds.models import NAME, SavedBuild
from dashboard.containers.forms import LinesField
from dashboard.hosts.forms import pair
from dashboard.jobs.output.redact import masked
from dashboard.jobs.params.build import GitSource, InlineSource

_PLAIN: Final = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_WORD: Final = forms.TextInput(attrs=_PLAIN)
_FIELD_OF: Final = {"build_args": "arguments", "source": "text"}


class SavedBuildForm(forms.Form):
    """A `Definition` with its name, and a new token where one is given."""

    name = forms.RegexField(NAME, label=_("Name"), widget=_WORD)
    text = forms.CharField(
        label=_("Dockerfile"),
        required=False,
        widget=forms.Textarea(attrs=_PLAIN | {"class": "code", "rows": 10, "placeholder": "FROM debian:12"}),
        help_text=_("Or leave this empty, and name a repository."),
    )
    repository = forms.CharField(
        label=_("Repository"),
        required=False,
        widget=forms.TextInput(attrs=_PLAIN | {"placeholder": "https://git.example/team/app.git"}),
    )
    ref = forms.CharField(label=_("Branch, tag or commit"), required=False, widget=_WORD)
    subdirectory = forms.CharField(label=_("Directory in the repository"), required=False, widget=_WORD)
    token = forms.CharField(
        label=_("Deploy token"),
        required=False,
        strip=True,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept sealed, and sent to this repository alone. Empty: as it was."),
    )
    dockerfile = forms.CharField(label=_("Path of the Dockerfile"), required=False, widget=_WORD)
    tags = LinesField(
        str,
        label=_("Tags"),
        required=False,
        help_text=_("One a line: host:5000/team/app:{date}-{counter}, or {commit} of a repository"),
    )
    arguments = LinesField(pair, label=_("Arguments"), required=False, help_text=_("One a line: NAME=value"))
    target = forms.CharField(label=_("Target"), required=False, widget=_WORD)
    no_cache = forms.BooleanField(label=_("Without the cache"), required=False)
    pull = forms.BooleanField(label=_("Fetch base images anew"), required=False)
    push = forms.BooleanField(label=_("Push the tags afterwards"), required=False)
    watch = forms.BooleanField(label=_("Build when a base image changes"), required=False)
    redeploy = forms.BooleanField(label=_("Redeploy the containers that run its tags"), required=False)

    def __init__(self, data: Any = None, build: SavedBuild | None = None) -> None:
        super().__init__(data, initial=_initial(build) if build else None)
        source = build.defined.source if build else None
        # What an editor of one file does not show is kept.
        self._files = dict(source.files) if isinstance(source, InlineSource) else {}
        self._submodules = source.submodules if isinstance(source, GitSource) else True
        self.definition: Definition | None = None

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self._define()
        return self.cleaned_data

    def _define(self) -> None:
        data = self.cleaned_data
        if bool(data["text"]) == bool(data["repository"]):
            self.add_error(None, _("Choose one: a Dockerfile, or a repository"))
            return
        try:
            self.definition = Definition.model_validate(
                {
                    "source": self._source(),
                    "dockerfile": data["dockerfile"] or "Dockerfile",
                    "tags": data["tags"],
                    "build_args": dict(data["arguments"]),
                    **{name: data[name] for name in ("target", "no_cache", "pull", "push", "watch", "redeploy")},
                }
            )
        except ValidationError as error:
            self._show(error)

    def _source(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["text"]:
            return {"type": "inline", "files": self._files | {data["dockerfile"] or "Dockerfile": data["text"]}}
        place = {"url": data["repository"], "ref": data["ref"], "subdirectory": data["subdirectory"]}
        return {"type": "git", "submodules": self._submodules, **place}

    def _show(self, error: ValidationError) -> None:
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            field = _FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, problem["msg"].removeprefix("Value error, "))


def _initial(build: SavedBuild) -> dict[str, Any]:
    defined = build.defined
    shown: dict[str, Any] = defined.model_dump(include={"dockerfile", "target", "no_cache", "pull", "push"})
    shown |= {"name": build.name, "watch": defined.watch, "redeploy": defined.redeploy, "tags": "\n".join(defined.tags)}
    shown["arguments"] = "\n".join(f"{name}={value}" for name, value in masked(defined.build_args).items())
    if isinstance(defined.source, GitSource):
        source = defined.source
        return shown | {"repository": source.url, "ref": source.ref, "subdirectory": source.subdirectory}
    return shown | {"text": defined.source.files.get(defined.dockerfile, "")}
