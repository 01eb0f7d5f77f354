"""The form in which a schedule is written down."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.schedules.cron import Cron, NotCron
from dashboard.schedules.models import MOST_JITTER, Missed, Sender
from dashboard.schedules.planning import NoZone, zone_of


class ScheduleForm(forms.Form):
    """When a build is run by itself."""

    cron = forms.CharField(
        label=_("When"),
        max_length=255,
        widget=forms.TextInput(attrs={"class": "code", "placeholder": "30 4 * * mon-fri", "autocomplete": "off"}),
        help_text=_("As in cron: minute, hour, day, month and weekday; or @hourly, @daily, @weekly, @monthly"),
    )
    zone = forms.CharField(label=_("Time zone"), max_length=64, initial="UTC", help_text=_("Such as Europe/Berlin"))
    jitter = forms.IntegerField(
        label=_("Jitter in seconds"),
        min_value=0,
        max_value=MOST_JITTER,
        initial=0,
        help_text=_("Over which runs of the same minute are spread"),
    )
    missed = forms.ChoiceField(label=_("A run that was missed"), choices=Missed.choices, initial=Missed.SKIP)

    def clean_cron(self) -> str:
        text = str(self.cleaned_data["cron"])
        try:
            Cron.parse(text)
        except NotCron as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def clean_zone(self) -> str:
        try:
            return zone_of(self.cleaned_data["zone"]).key
        except NoZone as error:
            raise forms.ValidationError(str(error)) from error

    def values(self) -> dict[str, Any]:
        return self.cleaned_data


class WebhookForm(forms.Form):
    """Who will call."""

    sender = forms.ChoiceField(label=_("Sender"), choices=Sender.choices)
