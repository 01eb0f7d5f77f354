"""The console's pages: one include for each noun."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/hosts/local/containers/"), name="home"),
    path("accounts/", include("dashboard.accounts.urls")),
    path("hosts/<slug:host>/containers/", include("dashboard.containers.urls")),
    path("hosts/<slug:host>/images/", include("dashboard.images.urls")),
    path("jobs/", include("dashboard.jobs.urls")),
    path("", include("dashboard.terminal.urls")),
]
