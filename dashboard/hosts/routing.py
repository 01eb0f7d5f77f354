"""Sockets of the hosts app."""

from dashboard.accounts.sockets import socket_path
from dashboard.hosts.consumers import ChangesConsumer

websocket_urlpatterns = [socket_path("ws/hosts/<slug:host>/changes/", ChangesConsumer)]
