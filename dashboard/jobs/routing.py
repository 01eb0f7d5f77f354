"""Sockets of the jobs app."""

from django.urls import URLPattern

websocket_urlpatterns: list[URLPattern] = []
