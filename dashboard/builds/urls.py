"""Pages of saved builds, under `hosts/<host>/builds/`."""

from django.urls import path

from dashboard.builds import views

app_name = "builds"
urlpatterns = [
    path("", views.index, name="list"),
    path("create/", views.create, name="create"),
    path("of/<name:build>/", views.show, name="show"),
    path("of/<name:build>/edit/", views.edit, name="edit"),
    path("of/<name:build>/run/", views.run, name="run"),
    path("of/<name:build>/remove/", views.remove, name="remove"),
]
