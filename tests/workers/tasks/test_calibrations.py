"""When the workers calibrate."""

import pytest

from search.library import sample_catalogue
from tests.support.factories import make_encoder
from workers.tasks import calibrations

pytestmark = pytest.mark.django_db


def test_nothing_is_calibrated_while_the_sample_catalogue_is_filled(
    monkeypatch, settings, tmp_path
):
    settings.VAR_DIR = tmp_path
    make_encoder()
    monkeypatch.setattr(calibrations.calibrate, "stale", lambda encoder: True)
    assert calibrations.waits()
    sample_catalogue.begin(500)
    assert not calibrations.waits()
    sample_catalogue.end()
    assert calibrations.waits()
