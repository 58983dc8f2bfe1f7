"""manage.py calibrate: fits now and says what came of it."""

import pytest
from django.core.management import CommandError, call_command

from search.models import Calibration
from tests.support.coloured_library import make_library
from tests.support.factories import make_encoder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_encoder")]


def test_it_says_from_which_scores_hits_match(capsys):
    make_library()
    call_command("calibrate")
    words, picture = capsys.readouterr().out.splitlines()
    assert words.startswith("Words: possible from a score of 0.")
    assert picture.endswith("for a middling query; fitted to 60 assets.")


def test_it_calibrates_the_encoder_that_is_named():
    encoder = make_library()
    make_encoder(slug="other", revision="2", state="ready")
    call_command("calibrate", encoder="fake")
    assert {row.encoder for row in Calibration.objects.all()} == {encoder}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "fake has embedded 20 assets: there are no bands before 50."),
        ({"encoder": "nobody"}, "There is no encoder nobody."),
    ],
)
def test_what_can_not_be_calibrated_is_said(options, sentence):
    make_library({"red": 20})
    with pytest.raises(CommandError, match=sentence):
        call_command("calibrate", **options)
