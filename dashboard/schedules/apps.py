from django.apps import AppConfig

from dashboard.sealing import RESEALERS


class SchedulesConfig(AppConfig):
    name = "dashboard.schedules"
    label = "schedules"

    def ready(self) -> None:
        from dashboard.schedules.webhooks import reseal  # noqa: PLC0415  # models exist only once apps are ready

        RESEALERS.append(reseal)
