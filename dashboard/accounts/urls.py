"""The part of django-allauth that a console without sign-up and mail needs."""

from allauth.account import views
from django.urls import path

from dashboard.access.need import personal

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("password/change/", personal(views.password_change), name="account_change_password"),
]
