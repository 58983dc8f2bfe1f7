from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person with an account; its own class, since it can't be exchanged later."""
