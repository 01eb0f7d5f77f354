"""The console's sockets: each app lists its own in `routing.websocket_urlpatterns`, under `ws/`."""

from typing import Any

from channels.routing import URLRouter

from dashboard.containers.routing import websocket_urlpatterns as containers
from dashboard.events.routing import websocket_urlpatterns as events
from dashboard.hosts.routing import websocket_urlpatterns as hosts
from dashboard.jobs.routing import websocket_urlpatterns as jobs
from dashboard.stats.routing import websocket_urlpatterns as stats
from dashboard.terminal.routing import websocket_urlpatterns as terminal

# Patterns made by Django's path() are what URLRouter takes; its stubs know only a subclass of theirs.
websocket_urlpatterns: list[Any] = [*hosts, *containers, *events, *jobs, *stats, *terminal]
sockets = URLRouter(websocket_urlpatterns)
