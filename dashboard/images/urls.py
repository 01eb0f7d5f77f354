"""Pages of the images app, under `hosts/<host>/images/`."""

from django.urls import path

from dashboard.images import views

app_name = "images"
urlpatterns = [
    path("", views.index, name="list"),
    path("rows/", views.rows, name="rows"),
    path("pull/", views.pull, name="pull"),
    path("remove/", views.remove, name="remove"),
    path("prune/", views.prune, name="prune"),
    path("<name:image>/", views.show, name="show"),
    path("<name:image>/facts/", views.facts, name="facts"),
]
