"""Sockets of the events app."""

from dashboard.accounts.sockets import socket_path
from dashboard.events.consumer import EventsConsumer

websocket_urlpatterns = [socket_path("ws/hosts/<slug:host>/events/", EventsConsumer)]
