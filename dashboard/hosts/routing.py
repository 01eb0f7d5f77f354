"""Sockets of the hosts app."""

from dashboard.access.sockets import socket_path
from dashboard.hosts.consumers import ChangesConsumer

websocket_urlpatterns = [socket_path("ws/hosts/<slug:host>/changes/", ChangesConsumer)]
