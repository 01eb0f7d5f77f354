"""The console's sockets: each app lists its own in `routing.websocket_urlpatterns`, under `ws/`."""

from dashboard.containers.routing import websocket_urlpatterns as containers
from dashboard.hosts.routing import websocket_urlpatterns as hosts
from dashboard.jobs.routing import websocket_urlpatterns as jobs
from dashboard.terminal.routing import websocket_urlpatterns as terminal

websocket_urlpatterns = [*hosts, *containers, *jobs, *terminal]
