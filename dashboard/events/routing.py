"""Sockets of the events app."""

from dashboard.access.sockets import socket_path
from dashboard.events.consumer import EventsConsumer

websocket_urlpatterns = [socket_path("ws/hosts/<slug:host>/events/", EventsConsumer)]
