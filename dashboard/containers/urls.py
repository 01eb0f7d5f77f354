"""Pages of the containers app."""

from django.urls import path

from dashboard.containers import views

app_name = "containers"
urlpatterns = [path("", views.index, name="list")]
