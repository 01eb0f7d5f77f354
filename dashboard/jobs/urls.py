"""Pages of the jobs app, under `jobs/`."""

from django.urls import path

from dashboard.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.index, name="list"),
    path("rows/", views.rows, name="rows"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/row/", views.row, name="row"),
    path("<uuid:pk>/head/", views.head, name="head"),
    path("<uuid:pk>/facts/", views.facts, name="facts"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("<uuid:pk>/retry/", views.retry, name="retry"),
]
