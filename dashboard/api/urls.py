"""`/api/`: open to strangers as far as Django is concerned; every operation has a guard of its own."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, path, re_path

from dashboard.api import views
from dashboard.api.api import api


def _opened(patterns: list[Any]) -> list[URLPattern | URLResolver]:
    """The patterns of django-ninja, which know nothing of LoginRequiredMiddleware."""
    for pattern in patterns:
        pattern.callback = login_not_required(pattern.callback)
    return patterns


urlpatterns: list[URLPattern | URLResolver] = [
    path("docs", views.docs, name="api-docs"),
    path("v1/", (_opened(api.urls[0]), *api.urls[1:])),
    re_path("", views.nowhere),
]
