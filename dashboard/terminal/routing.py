"""Sockets of the terminal app."""

from django.urls import URLPattern

websocket_urlpatterns: list[URLPattern] = []
