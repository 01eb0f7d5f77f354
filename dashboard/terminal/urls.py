"""Pages of the terminal app."""

from django.urls import re_path

from dashboard.containers.reference import ContainerConverter
from dashboard.terminal import views

app_name = "terminal"
urlpatterns = [
    re_path(rf"^terminal/(?P<host>[-\w]+)/(?P<container>{ContainerConverter.regex})/$", views.window, name="window"),
]
