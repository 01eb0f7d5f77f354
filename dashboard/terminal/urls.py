"""Pages of the terminal app."""

from django.urls import path, re_path

from dashboard.containers.reference import ContainerConverter
from dashboard.terminal import views

_CONTAINER = rf"(?P<host>[-\w]+)/(?P<container>{ContainerConverter.regex})/"
_TERMINAL = r"^terminals/(?P<terminal>[0-9a-f]{32})/"

app_name = "terminal"
urlpatterns = [
    re_path(rf"^terminal/{_CONTAINER}$", views.window, name="window"),
    re_path(rf"^terminal/{_CONTAINER}live/$", views.live, name="live"),
    path("terminals/", views.index, name="list"),
    path("terminals/join/<str:ticket>/", views.join, name="join"),
    re_path(rf"{_TERMINAL}$", views.show, name="show"),
    re_path(rf"{_TERMINAL}end/$", views.end, name="end"),
    re_path(rf"{_TERMINAL}share/$", views.share, name="share"),
    re_path(rf"{_TERMINAL}unshare/$", views.unshare, name="unshare"),
    re_path(rf"{_TERMINAL}title/$", views.title, name="title"),
    re_path(rf"{_TERMINAL}recording/$", views.recording, name="recording"),
    re_path(rf"{_TERMINAL}recording.cast$", views.cast, name="cast"),
]
