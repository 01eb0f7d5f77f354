"""Sockets of the jobs app."""

from dashboard.access.sockets import socket_path
from dashboard.jobs.consumers import JobsConsumer, OutputConsumer

websocket_urlpatterns = [
    socket_path("ws/jobs/", JobsConsumer),
    socket_path("ws/jobs/<uuid:job>/", OutputConsumer),
]
