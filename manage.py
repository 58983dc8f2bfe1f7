#!/usr/bin/env python
"""Sightline's command line."""

import os
import sys

NEEDS_NO_DATABASE = {"check", "collectstatic", "demo", "help", "makemigrations", "train", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from config import embedded
    from search.history.context import acting_for_good

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        # Started, or the one that runs is joined, for as long as this process lives.
        if settings.EMBEDDED_DATABASE and command not in NEEDS_NO_DATABASE:
            embedded.start_database(settings.VAR_DIR)
    except embedded.EmbeddedError as error:
        sys.exit(str(error))
    if command != "runserver":  # Whose requests have contexts of their own.
        acting_for_good({"command": command})
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
