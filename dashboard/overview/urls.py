"""Pages of the overview app, under `hosts/<host>/`."""

from django.urls import path

from dashboard.overview import views

app_name = "overview"
urlpatterns = [
    path("", views.show, name="show"),
    path("glance/", views.glance_part, name="glance"),
    path("jobs/", views.jobs, name="jobs"),
]
