from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out


class TerminalConfig(AppConfig):
    name = "dashboard.terminal"
    label = "terminal"

    def ready(self) -> None:
        from dashboard.terminal import signout  # noqa: PLC0415  # models exist only once apps are ready

        user_logged_out.connect(signout.signed_out, dispatch_uid="terminal")
