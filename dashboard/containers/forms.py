"""The form from which a container is run."""

import shlex
from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from dashboard.jobs.params import InvalidParams, Kind, Mount, Port, validated

_WORDS: Final = forms.TextInput(attrs={"class": "code", "spellcheck": "false", "autocomplete": "off"})
_LINES: Final = forms.Textarea(attrs={"class": "code", "rows": 2, "spellcheck": "false"})
#: Fields that carry another name as parameters of the job.
_FIELD_OF: Final = {"mounts": "volumes", "working_dir": "workdir", "interactive": "tty"}
#: Fields that few need.
_MORE: Final = ("entrypoint", "network", "workdir", "user")


class WordsField(forms.CharField):
    """A command line, split into words as a shell would; no shell ever sees it."""

    widget = _WORDS

    def clean(self, value: Any) -> tuple[str, ...]:
        try:
            return tuple(shlex.split(super().clean(value)))
        except ValueError as error:
            raise forms.ValidationError(_("This can't be split into words: %(why)s") % {"why": error}) from error


class LinesField(forms.CharField):
    """One entry a line, each read by `parse`; empty lines don't count."""

    widget = _LINES

    def __init__(self, parse: Callable[[str], object], **options: Any) -> None:
        super().__init__(**options)
        self.parse = parse

    def clean(self, value: Any) -> tuple[Any, ...]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        try:
            return tuple(self.parse(line) for line in lines)
        except ValueError as error:
            raise forms.ValidationError(_first_line(error)) from error


def _variable(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        raise ValueError(_("%(line)r is not a variable: NAME=value") % {"line": line})
    return name, value


def _first_line(error: ValueError) -> str:
    """pydantic's errors list everything; the first problem's reason is what a form has room for."""
    return str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)


class RunForm(forms.Form):
    """`docker run -d`, as parameters of a Job of kind RUN."""

    image = forms.CharField(
        label=_("Image"), widget=forms.TextInput(attrs={"list": "images", "autocomplete": "off", "spellcheck": "false"})
    )
    name = forms.CharField(label=_("Name"), required=False, help_text=_("Invented when empty."))
    command = WordsField(label=_("Command"), required=False, help_text=_("The image's own when empty."))
    ports = LinesField(Port.parse, label=_("Ports"), required=False, help_text=_("One a line: 8080:80, 53:53/udp"))
    environment = LinesField(_variable, label=_("Environment"), required=False, help_text=_("One a line: NAME=value"))
    volumes = LinesField(
        Mount.parse, label=_("Volumes"), required=False, help_text=_("One a line: data:/var/lib/data, /srv/www:/www:ro")
    )
    tty = forms.BooleanField(label=_("With a terminal (-it)"), required=False)
    auto_remove = forms.BooleanField(label=_("Remove when it exits (--rm)"), required=False)
    entrypoint = WordsField(label=_("Entrypoint"), required=False)
    network = forms.CharField(label=_("Network"), required=False, initial="bridge", help_text=_("bridge, host or none"))
    workdir = forms.CharField(label=_("Working directory"), required=False)
    user = forms.CharField(label=_("User"), required=False, help_text=_("name, or uid:gid"))

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            try:
                validated(Kind.RUN, self.params())
            except InvalidParams as invalid:
                self._show(invalid)
        return self.cleaned_data

    def params(self) -> dict[str, Any]:
        """What a Job of kind RUN is told, as JSON."""
        data = self.cleaned_data
        return {
            "image": data["image"],
            "name": data["name"],
            "command": data["command"],
            "entrypoint": data["entrypoint"],
            "environment": dict(data["environment"]),
            "ports": [port.model_dump() for port in data["ports"]],
            "mounts": [mount.model_dump() for mount in data["volumes"]],
            "network": data["network"] or "bridge",
            "working_dir": data["workdir"],
            "user": data["user"],
            "tty": data["tty"],
            "interactive": data["tty"],
            "auto_remove": data["auto_remove"],
        }

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in _MORE]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in _MORE]

    def has_more_errors(self) -> bool:
        return any(name in self.errors for name in _MORE)

    def _show(self, invalid: InvalidParams) -> None:
        for place, reason in invalid.problems:
            name = place.partition(".")[0]
            field = _FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, reason)
