"""Who may sign in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A member of the team. Of our own from the start: swapping the user model later is a migration nobody wants."""
