#!/usr/bin/env python
"""Sightline's command line."""

import os
import sys
from pathlib import Path

NEEDS_NO_DATABASE = {"check", "collectstatic", "demo", "help", "makemigrations", "train", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if settings.EMBEDDED_DATABASE and command not in NEEDS_NO_DATABASE:
        start_database(settings.VAR_DIR)
    execute_from_command_line(sys.argv)


def start_database(var_dir: Path) -> None:
    """Start the embedded PostgreSQL, or join the one that runs, while this process lives."""
    from config import embedded

    try:
        embedded.start_database(var_dir)
    except embedded.EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
