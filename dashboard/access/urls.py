"""Pages of the access app, under `settings/people/`."""

from django.urls import path

from dashboard.access import views

app_name = "access"
urlpatterns = [
    path("", views.index, name="people"),
    path("add/", views.add_person, name="add_person"),
    path("<int:pk>/switch/", views.switch_person, name="switch_person"),
    path("teams/add/", views.add_team, name="add_team"),
    path("teams/<int:pk>/", views.edit_team, name="edit_team"),
    path("projects/add/", views.add_project, name="add_project"),
    path("projects/<int:pk>/", views.edit_project, name="edit_project"),
    path("grants/add/", views.add_grant, name="add_grant"),
    path("grants/<int:pk>/remove/", views.remove_grant, name="remove_grant"),
]
