"""Which programs Portside is made of, in the order in which they start."""

from collections.abc import Callable
from functools import partial

from supervisor.part import Part, accepts, listens
from supervisor.privileged import as_root
from supervisor.settings import CHECKOUT, Settings
from supervisor.unprivileged import command


def redis(settings: Settings) -> Part:
    """A Redis of our own: no port, one socket that is the console's alone. What it holds can be lost."""
    options = {
        "port": "0",
        "unixsocket": str(settings.redis_socket),
        "unixsocketperm": "700",
        "dir": str(settings.console_run),
        "save": "",
        "loglevel": "warning",
    }
    argv = [word for key, value in options.items() for word in (f"--{key}", value)]
    return _console(settings, "redis", "redis-server", *argv, is_ready=partial(accepts, settings.redis_socket))


def engine(settings: Settings) -> Part:
    environment = settings.engine_environment
    argv = as_root(str(CHECKOUT / ".venv/bin/python"), "-m", "engine", environment=environment)
    return Part("engine", argv, environment, partial(accepts, settings.engine_socket))


def door(settings: Settings, address: str) -> Part:
    """The engine by TCP, for clients with a certificate; it is not root, and reaches the engine by its group."""
    argv = ["python", "-m", "engine.door", "serve", "--listen", address]
    host, _, port = address.rpartition(":")
    reached = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104  # compared with
    return _console(settings, "door", *argv, is_ready=partial(listens, reached, int(port)))


def migrations(settings: Settings) -> Part:
    return _console(settings, "migrate", "python", "manage.py", "migrate", "--no-input", "--verbosity", "1")


def first_administrator(settings: Settings) -> Part:
    part = _console(settings, "sign-in", "python", "manage.py", "ensure_admin")
    password = settings.environment.get("PORTSIDE_ADMIN_PASSWORD", "")
    return Part(part.name, part.argv, {**part.environment, "PORTSIDE_ADMIN_PASSWORD": password})


def web(settings: Settings) -> Part:
    argv = ["python", "-m", "uvicorn", "dashboard.asgi:application", "--host", settings.host]
    argv += ["--port", str(settings.port), "--no-server-header", "--log-level", "warning"]
    argv += ["--timeout-graceful-shutdown", "5"]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  # compared with
    return _console(settings, "web", *argv, is_ready=partial(listens, host, settings.port))


def worker(settings: Settings) -> Part:
    argv = ["python", "-m", "celery", "--quiet", "--app", "workers.app", "worker", "--queues", "host.local"]
    argv += ["--hostname", "local@%h", "--without-gossip", "--without-mingle", "--loglevel", "warning"]
    return _console(settings, "worker", *argv)


def scheduler(settings: Settings) -> Part:
    argv = ["python", "-m", "celery", "--quiet", "--app", "workers.app", "beat", "--loglevel", "warning"]
    argv += ["--scheduler", "django_celery_beat.schedulers:DatabaseScheduler", "--pidfile", ""]
    return _console(settings, "scheduler", *argv)


def _console(settings: Settings, name: str, *argv: str, is_ready: Callable[[], bool] = lambda: True) -> Part:
    return Part(name, command(settings, *argv), settings.console_environment, is_ready)
