"""Pages of schedules, under `hosts/<host>/builds/of/<build>/schedules/`."""

from django.urls import path

from dashboard.schedules import views

app_name = "schedules"
urlpatterns = [
    path("create/", views.create, name="create"),
    path("webhooks/create/", views.create_webhook, name="create_webhook"),
    path("webhooks/<uuid:pk>/remove/", views.remove_webhook, name="remove_webhook"),
    path("<int:pk>/switch/", views.switch, name="switch"),
    path("<int:pk>/remove/", views.remove, name="remove"),
]
