"""The forms of people, teams, projects and grants."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.access.models import Grant, Project, Team
from dashboard.access.permissions import Role
from dashboard.access.policy import Policy
from dashboard.accounts.models import User
from dashboard.hosts.models import Host

EVERYWHERE: Final = "everywhere"


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # subscripted for the checker alone
    """A new user. The first password is made by the console, and shown once."""

    class Meta:
        model = User
        fields = ("username",)
        help_texts: ClassVar = {"username": None}


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # subscripted for the checker alone
    class Meta:
        model = Team
        fields = ("name", "members")
        widgets: ClassVar = {"members": forms.CheckboxSelectMultiple}


class WordsField(forms.CharField):
    """Words separated by blanks or lines, as a list."""

    widget = forms.Textarea(attrs={"rows": 2})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        return str(super().clean(value) or "").split()


class PathsField(WordsField):
    """Absolute paths; a relative one would never match anything."""

    def clean(self, value: Any) -> list[str]:
        paths = super().clean(value)
        if bad := [path for path in paths if not path.startswith("/")]:
            raise forms.ValidationError(_("Not an absolute path: %(path)s"), params={"path": bad[0]})
        return paths


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # subscripted for the checker alone
    """A project, and its policy field by field."""

    privileged = forms.BooleanField(label=_("Anything, also what is root on the host"), required=False)
    host_namespaces = forms.BooleanField(label=_("The host's namespaces"), required=False)
    bind_paths = PathsField(label=_("Directories of the host to mount"), required=False)
    devices = PathsField(label=_("Devices"), required=False)
    registries = WordsField(
        label=_("Registries"), required=False, help_text=_("Empty: all. docker.io, *.example.com …")
    )
    memory = forms.IntegerField(label=_("Most memory a container (bytes)"), required=False, min_value=6 * 2**20)
    cpus = forms.FloatField(label=_("Most CPUs a container"), required=False, min_value=0.01)
    pids = forms.IntegerField(label=_("Most processes a container"), required=False, min_value=1)

    class Meta:
        model = Project
        fields = ("slug", "hosts")
        widgets: ClassVar = {"hosts": forms.CheckboxSelectMultiple}

    def __init__(self, data: Any = None, *, instance: Project | None = None) -> None:
        policy = vars(Policy.from_json(instance.policy)) if instance is not None else {}
        super().__init__(data, instance=instance, initial=policy)
        if instance is not None:
            # Labels of containers carry it: a project that is called otherwise would lose them.
            self.fields["slug"].disabled = True

    def save(self, commit: bool = True) -> Project:
        self.instance.policy = {name: self.cleaned_data[name] for name in Policy.__dataclass_fields__}
        saved: Project = super().save(commit)
        return saved


class GrantForm(forms.Form):
    """A role for somebody, somewhere. Values are `user:3`, `team:1`; `everywhere`, `host:2`, `project:5`."""

    whom = forms.ChoiceField(label=_("Who"))
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.value) for role in Role])
    place = forms.ChoiceField(label=_("Where"))

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["whom"].choices = [  # type: ignore[attr-defined]
            (_("People"), _options("user", User.objects.filter(is_active=True))),
            (_("Teams"), _options("team", Team.objects.all())),
        ]
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            (EVERYWHERE, _("everywhere")),
            (_("Hosts"), _options("host", Host.objects.all())),
            (_("Projects"), _options("project", Project.objects.all())),
        ]

    def save(self) -> Grant:
        """The grant; one that there is already is not given twice."""
        where = {f"{kind}_id": int(key) for kind, key in self._pairs()}
        missing = {f"{kind}__isnull": True for kind in ("user", "team", "host", "project") if f"{kind}_id" not in where}
        found = Grant.objects.filter(role=self.cleaned_data["role"], **where, **missing).first()
        return found or Grant.objects.create(role=self.cleaned_data["role"], **where)

    def _pairs(self) -> Iterable[tuple[str, str]]:
        for name in ("whom", "place"):
            kind, _colon, key = self.cleaned_data[name].partition(":")
            if kind != EVERYWHERE:
                yield kind, key


def _options(kind: str, things: Iterable[Any]) -> list[tuple[str, str]]:
    return [(f"{kind}:{thing.pk}", str(thing)) for thing in things]
