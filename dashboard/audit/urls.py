"""Pages of the audit app, under `settings/audit/`."""

from django.urls import path

from dashboard.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.index, name="list"),
    path("export/", views.export, name="export"),
]
