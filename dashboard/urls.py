"""The console's pages: one include for each noun."""

from django.urls import include, path

from dashboard.api.views import healthz
from dashboard.jobs.building import build
from dashboard.overview.home import home
from dashboard.schedules.hooks import call as call_webhook

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("dashboard.accounts.urls")),
    path("hosts/<slug:host>/", include("dashboard.overview.urls")),
    path("hosts/<slug:host>/containers/", include("dashboard.containers.urls")),
    path("hosts/<slug:host>/images/", include("dashboard.images.urls")),
    path("hosts/<slug:host>/build/", build, name="build"),
    path("hosts/<slug:host>/builds/", include("dashboard.builds.urls")),
    path("hosts/<slug:host>/builds/of/<name:build>/schedules/", include("dashboard.schedules.urls")),
    path("hosts/<slug:host>/volumes/", include("dashboard.volumes.urls")),
    path("hosts/<slug:host>/networks/", include("dashboard.networks.urls")),
    path("hosts/<slug:host>/events/", include("dashboard.events.urls")),
    path("hosts/<slug:host>/palette/", include("dashboard.palette.urls")),
    path("jobs/", include("dashboard.jobs.urls")),
    path("api/", include("dashboard.api.urls")),
    path("healthz", healthz),
    path("hooks/<uuid:pk>/", call_webhook, name="webhook"),
    path("settings/hosts/", include("dashboard.hosts.urls")),
    path("settings/people/", include("dashboard.access.urls")),
    path("settings/audit/", include("dashboard.audit.urls")),
    path("", include("dashboard.terminal.urls")),
]
