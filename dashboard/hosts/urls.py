"""Pages of the hosts app, under `settings/hosts/`."""

from django.urls import path

from dashboard.hosts import views

app_name = "hosts"
urlpatterns = [
    path("", views.index, name="list"),
    path("add/", views.add, name="add"),
    path("<int:pk>/", views.edit, name="edit"),
    path("<int:pk>/remove/", views.remove, name="remove"),
]
