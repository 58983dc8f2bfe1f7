from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from search.access.password_reset import link, way_in_tokens
from search.models import User


class Command(BaseCommand):
    help = (
        "A link that signs an administrator in, once and within an hour, without password, provider"
        " or second factor."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="of the administrator")
        origins = settings.CSRF_TRUSTED_ORIGINS or ["http://localhost:8000"]
        parser.add_argument("--site", default=origins[0], help="its address")

    def handle(self, *args: Any, name: str, site: str, **options: Any) -> None:
        person = User.objects.administrators().filter(username__iexact=name).first()
        if person is None:
            names = User.objects.administrators().values_list("username", flat=True)
            raise CommandError(
                f"{name} is no administrator who may sign in. There are:"
                f" {', '.join(names) or 'none; make one by manage.py createsuperuser'}."
            )
        self.stdout.write(site.rstrip("/") + link("way_in", person, way_in_tokens))
