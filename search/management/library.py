"""What the commands that work on the library have in common."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from search.disk import DiskFull, is_full
from search.models import Encoder
from search.refusals import sentence


class LibraryCommand(BaseCommand):
    """A command on the library: finds it ready also where no demo has prepared it."""

    requires_migrations_checks = False

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            if settings.EMBEDDED_DATABASE:
                prepare()
            return super().execute(*args, **options)
        except (DiskFull, OperationalError) as error:
            if is_full(error):
                raise CommandError(sentence("disk_full", {})) from None
            raise CommandError(f"The database does not answer: {str(error).strip()}") from None


def prepare() -> None:
    """Bring the embedded database's tables and encoder up to date; nothing to do, as a rule."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)
    serve_if_none_does()


def serve_if_none_does() -> None:
    """Let the encoder of the settings serve, unless one serves already."""
    if Encoder.objects.serving() is None:
        # What a command prints itself may be for a program to read.
        call_command("encoder", "serve", verbosity=0, stdout=sys.stderr)
