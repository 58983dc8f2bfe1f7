"""What the web process imports. Who may import whom is held by `make lint` (lint-imports)."""

import subprocess
import sys


def test_neither_the_web_process_nor_the_trainer_pays_for_torch_or_scipy():
    """The trainer imports the last two of these alone."""
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings';"
        "django.setup(); import config.urls, config.wsgi, workers.signals, workers.look_around;"
        "print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "scipy"} & set(ran.stdout.split())
