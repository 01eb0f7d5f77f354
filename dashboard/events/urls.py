"""Pages of the events app, under `hosts/<host>/events/`."""

from django.urls import path

from dashboard.events import views

app_name = "events"
urlpatterns = [path("", views.index, name="list")]
