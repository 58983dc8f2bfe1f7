"""Set before Django reads its settings: a library of the tests' own, and no Redis.

Loaded by `-p tests.support.environment`, since pytest-django reads the settings before any
conftest.
"""

import atexit
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

RUN = "SIGHTLINE_TEST_RUN"
if RUN not in os.environ:  # pytest-xdist's processes inherit it.
    os.environ[RUN] = tempfile.mkdtemp(prefix="sl-run-")
    atexit.register(shutil.rmtree, os.environ[RUN], ignore_errors=True)
# What is made once for all processes of a run.
RUN_DIR = Path(os.environ[RUN]).resolve()

VAR_DIR = Path(tempfile.mkdtemp(prefix="sightline-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
OF_AN_INSTALLATION = (
    "DATABASE_URL REDIS_URL ENCODER_CHECKPOINT PUBLIC_SEARCH SECRET_KEY OIDC_ISSUER LOCAL_SIGN_IN"
    " SECOND_FACTOR_FOR_STAFF EMAIL_HOST"
)
for name in OF_AN_INSTALLATION.split():
    os.environ.pop(name, None)
os.environ["VAR_DIR"] = str(VAR_DIR)
# A second thread of numpy's only waits for the other processes' tests, and is busy meanwhile.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

(VAR_DIR / "static").mkdir()  # WhiteNoise warns where it finds none.


def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Let the processes that run tests be forks of one that has imported what they need."""
    from tests.support import forks, xdist_worker

    command = [sys.executable, "-I", "-S", xdist_worker.__file__, forks.address()]
    for spec in specs:
        spec.python = shlex.join(command)
