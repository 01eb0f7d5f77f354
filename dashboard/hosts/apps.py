from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.urls import register_converter

from dashboard.hosts.reference import NameConverter


class HostsConfig(AppConfig):
    name = "dashboard.hosts"
    label = "hosts"

    def ready(self) -> None:
        post_migrate.connect(_make_local, sender=self)
        # Here, because pages' addresses and sockets' use it, and either may be loaded first.
        register_converter(NameConverter, "name")


def _make_local(using: str, **_signal: Any) -> None:
    """The host that the console runs on; its address follows PORTSIDE_RUN, so it is settled at every migrate."""
    from dashboard.hosts.models import LOCAL, Host  # noqa: PLC0415  # models exist only once apps are ready

    Host.objects.using(using).update_or_create(name=LOCAL, defaults={"url": settings.ENVIRONMENT.engine_url})
