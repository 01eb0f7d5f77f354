"""Sockets of the containers app."""

from dashboard.access.sockets import socket_path
from dashboard.containers.logs.consumer import LogsConsumer

websocket_urlpatterns = [socket_path("ws/hosts/<slug:host>/containers/<container:container>/logs/", LogsConsumer)]
