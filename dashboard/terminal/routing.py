"""Sockets of the terminal app."""

from collections.abc import Callable
from typing import cast

from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path

from dashboard.containers.reference import ContainerConverter
from dashboard.terminal.consumer import TerminalConsumer

_ROUTE = rf"^ws/hosts/(?P<host>[-\w]+)/containers/(?P<container>{ContainerConverter.regex})/terminal/$"

websocket_urlpatterns: list[URLPattern] = [
    # Channels routes ASGI applications by Django's patterns, which are typed for views.
    re_path(_ROUTE, cast("Callable[..., HttpResponseBase]", TerminalConsumer())),
]
