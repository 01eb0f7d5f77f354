"""Pages of the images app."""

from django.urls import path

from dashboard.images import views

app_name = "images"
urlpatterns = [path("", views.index, name="list")]
