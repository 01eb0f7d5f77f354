from django.apps import AppConfig
from django.urls import register_converter

from dashboard.containers.reference import ContainerConverter


class ContainersConfig(AppConfig):
    name = "dashboard.containers"
    label = "containers"

    def ready(self) -> None:
        # Here, because pages' addresses and sockets' use it, and either may be loaded first.
        register_converter(ContainerConverter, "container")
