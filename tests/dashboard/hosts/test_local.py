from django.core.management import call_command
from pytest_django.fixtures import Settings

from dashboard.environment import Environment
from dashboard.hosts.models import Host


def test_migrate_makes_the_local_host(db: None) -> None:
    assert Host.objects.get(name="local").url.endswith("/engine.sock")


def test_its_address_follows_the_run_directory(db: None, settings: Settings) -> None:
    settings.ENVIRONMENT = Environment.current({"PORTSIDE_RUN": "/run/elsewhere"})
    call_command("migrate", verbosity=0)
    assert Host.objects.get(name="local").url == "unix:///run/elsewhere/engine.sock"
