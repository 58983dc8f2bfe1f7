"""Runs a command of ours for a supervisor, which reads in a file why it was refused.

python -m config.step FILE COMMAND [ARGUMENTS]
"""

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command

from config import embedded


def main(refusal: Path, *command: str) -> None:
    """Run it; where it ends in a sentence for a person, write that there and exit with 1."""
    try:
        if settings.EMBEDDED_DATABASE:
            embedded.start_database(settings.VAR_DIR)
        django.setup()
        call_command(*command)
    except (CommandError, embedded.EmbeddedError) as error:
        refusal.write_text(str(error))
        sys.exit(str(error))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(Path(sys.argv[1]), *sys.argv[2:])
