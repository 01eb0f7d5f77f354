"""Pages of schedules, under `hosts/<host>/builds/of/<build>/schedules/`."""

from django.urls import path

from dashboard.schedules import views

app_name = "schedules"
urlpatterns = [
    path("create/", views.create, name="create"),
    path("<int:pk>/switch/", views.switch, name="switch"),
    path("<int:pk>/remove/", views.remove, name="remove"),
]
