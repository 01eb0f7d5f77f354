"""Sockets of the terminal app."""

from django.urls import URLPattern, path

from dashboard.terminal.consumer import TerminalConsumer

websocket_urlpatterns: list[URLPattern] = [
    # An ASGI application stands where Django's types know only views.
    path("ws/hosts/<slug:host>/containers/<str:container>/terminal/", TerminalConsumer()),  # type: ignore[arg-type]
]
