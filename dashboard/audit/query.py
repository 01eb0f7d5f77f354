"""Which entries somebody looks for."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from dashboard.audit.models import Entry, EntryQuerySet, Outcome


class QueryForm(forms.Form):
    """All fields may be empty; days are whole days in the console's time zone."""

    actor = forms.CharField(label=_("Who"), required=False, max_length=150)
    text = forms.CharField(label=_("What"), required=False, max_length=300, help_text=_("Action, host or object"))
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=[("", _("Any")), *Outcome.choices])
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def entries(self) -> EntryQuerySet:
        """The entries asked for, newest first; all of them where the form is not valid."""
        given: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        found = Entry.objects.all()
        if actor := given.get("actor"):
            found = found.filter(actor__iexact=actor)
        if text := given.get("text"):
            found = found.filter(Q(action__icontains=text) | Q(host__icontains=text) | Q(target__icontains=text))
        if outcome := given.get("outcome"):
            found = found.filter(outcome=outcome)
        return _between(found, given)


def _between(found: EntryQuerySet, given: dict[str, Any]) -> EntryQuerySet:
    if since := given.get("since"):
        found = found.filter(time__gte=make_aware(datetime.combine(since, datetime.min.time())))
    if until := given.get("until"):
        found = found.filter(time__lt=make_aware(datetime.combine(until + timedelta(days=1), datetime.min.time())))
    return found
