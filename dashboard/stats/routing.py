"""Sockets of the stats app."""

from dashboard.access.sockets import socket_path
from dashboard.stats.consumer import StatsConsumer

websocket_urlpatterns = [
    socket_path("ws/hosts/<slug:host>/stats/", StatsConsumer),
    socket_path("ws/hosts/<slug:host>/containers/<container:container>/stats/", StatsConsumer),
]
