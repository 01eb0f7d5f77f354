"""Pages of the terminal app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
