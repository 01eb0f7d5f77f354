"""What the palette asks for, under `hosts/<host>/palette/`."""

from django.urls import path

from dashboard.palette import views

app_name = "palette"
urlpatterns = [path("", views.entries, name="entries")]
