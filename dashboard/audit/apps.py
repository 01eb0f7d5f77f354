from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed


class AuditConfig(AppConfig):
    name = "dashboard.audit"
    label = "audit"

    def ready(self) -> None:
        from dashboard.audit import sessions  # noqa: PLC0415  # models exist only once apps are ready

        user_logged_in.connect(sessions.signed_in, dispatch_uid="audit")
        user_logged_out.connect(sessions.signed_out, dispatch_uid="audit")
        user_login_failed.connect(sessions.refused, dispatch_uid="audit")
