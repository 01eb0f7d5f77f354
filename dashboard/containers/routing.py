"""Sockets of the containers app."""

from django.urls import URLPattern

websocket_urlpatterns: list[URLPattern] = []
