"""Pages of the networks app, under `hosts/<host>/networks/`."""

from django.urls import path

from dashboard.networks import views

app_name = "networks"
urlpatterns = [
    path("", views.index, name="list"),
    path("rows/", views.rows, name="rows"),
    path("create/", views.create, name="create"),
    # By ID, and by name: a network may be called as one of the pages above.
    path("named/<name:network>/", views.show, name="show"),
    path("named/<name:network>/facts/", views.facts, name="facts"),
    path("named/<name:network>/remove/", views.remove, name="remove"),
]
