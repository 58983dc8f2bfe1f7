"""What the web process imports. Who may import whom is held by `make lint` (lint-imports)."""

import subprocess
import sys


def test_the_web_process_never_pays_for_torch_or_scipy():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings';"
        "django.setup(); import config.urls, config.wsgi, workers.signals, workers.look_around;"
        "print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "scipy"} & set(ran.stdout.split())
