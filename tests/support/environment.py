"""Set before Django reads its settings: a library of the tests' own, and no Redis.

Loaded by `-p tests.support.environment`, since pytest-django reads the settings before any
conftest.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

RUN = "SIGHTLINE_TEST_RUN"
if RUN not in os.environ:  # pytest-xdist's processes inherit it.
    os.environ[RUN] = tempfile.mkdtemp(prefix="sl-run-")
    atexit.register(shutil.rmtree, os.environ[RUN], ignore_errors=True)
# What is made once for all processes of a run.
RUN_DIR = Path(os.environ[RUN]).resolve()

VAR_DIR = Path(tempfile.mkdtemp(prefix="sightline-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
for name in ("DATABASE_URL", "REDIS_URL", "ENCODER_CHECKPOINT", "PUBLIC_SEARCH", "SECRET_KEY"):
    os.environ.pop(name, None)
os.environ["VAR_DIR"] = str(VAR_DIR)

from tests.support.cluster import start_quick_database  # noqa: E402

(VAR_DIR / "static").mkdir()  # WhiteNoise warns where it finds none.
start_quick_database(VAR_DIR)
