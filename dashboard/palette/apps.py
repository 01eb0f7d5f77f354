from django.apps import AppConfig


class PaletteConfig(AppConfig):
    name = "dashboard.palette"
    label = "palette"
