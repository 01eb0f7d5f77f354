"""Pages of the volumes app, under `hosts/<host>/volumes/`."""

from django.urls import path

from dashboard.volumes import views

app_name = "volumes"
urlpatterns = [
    path("", views.index, name="list"),
    path("rows/", views.rows, name="rows"),
    path("create/", views.create, name="create"),
    path("prune/", views.prune, name="prune"),
    # A volume may be called as one of the pages above: its own page has an address that none of them has.
    path("named/<name:volume>/", views.show, name="show"),
    path("named/<name:volume>/facts/", views.facts, name="facts"),
    path("named/<name:volume>/remove/", views.remove, name="remove"),
]
