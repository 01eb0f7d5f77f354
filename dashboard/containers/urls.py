"""Pages of the containers app, under `hosts/<host>/containers/`."""

from django.urls import path

from dashboard.containers import views

app_name = "containers"
urlpatterns = [
    path("", views.index, name="list"),
    path("rows/", views.rows, name="rows"),
    path("run/", views.run, name="run"),
    path("all/do/<slug:action>/", views.act_on_all, name="act_on_all"),
    path("<container:container>/", views.show, name="show"),
    path("<container:container>/row/", views.row, name="row"),
    path("<container:container>/head/", views.head, name="head"),
    path("<container:container>/overview/", views.overview, name="overview"),
    path("<container:container>/do/<slug:action>/", views.act, name="act"),
    path("<container:container>/download/", views.download, name="download"),
    path("<container:container>/<slug:tab>/", views.show, name="tab"),
]
