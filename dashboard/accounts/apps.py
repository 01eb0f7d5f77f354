from django.apps import AppConfig

from dashboard.sealing import RESEALERS


class AccountsConfig(AppConfig):
    name = "dashboard.accounts"
    label = "accounts"

    def ready(self) -> None:
        from dashboard.accounts.factors import reseal  # noqa: PLC0415  # models exist only once apps are ready

        RESEALERS.append(reseal)
