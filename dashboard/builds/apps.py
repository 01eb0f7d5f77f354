from django.apps import AppConfig

from dashboard.sealing import RESEALERS


class BuildsConfig(AppConfig):
    name = "dashboard.builds"
    label = "builds"

    def ready(self) -> None:
        from dashboard.builds.tokens import reseal  # noqa: PLC0415  # models exist only once apps are ready

        RESEALERS.append(reseal)
