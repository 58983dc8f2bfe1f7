from django.contrib.auth.models import AbstractUser

from search.models.names import one_of_a_name


class User(AbstractUser):
    """A person with an account; its own class, since it can't be exchanged later."""

    class Meta(AbstractUser.Meta):
        constraints = [
            one_of_a_name("username", "one_account_per_name", "There is an account of this name.")
        ]
