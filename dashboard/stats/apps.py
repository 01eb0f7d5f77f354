from django.apps import AppConfig


class StatsConfig(AppConfig):
    name = "dashboard.stats"
    label = "stats"
