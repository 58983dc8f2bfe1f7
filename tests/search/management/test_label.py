import json

import pytest
from django.core.management import CommandError, call_command

from search.models import AssetLabel, Label, LabelVector
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import FakeEncoder
from workers.encoders.protocol import CheckpointError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loads(monkeypatch):
    monkeypatch.setattr("workers.tasks.labels.encoder_of", lambda *given: FakeEncoder())


@pytest.fixture
def no_encoder_runs(monkeypatch):
    def refuse(*given):
        raise CheckpointError("text", text="This folder is no checkpoint.")

    monkeypatch.setattr("workers.tasks.labels.encoder_of", refuse)


def make_label(name, **fields):
    return Label.objects.create(name=name, suggested=True, **({"threshold": 0.9} | fields))


def label(capsys, *given):
    call_command("label", *given)
    return capsys.readouterr().out


def test_it_says_what_it_suggested(capsys):
    make_asset(colour="red", embedded=True)
    make_asset(colour="blue", embedded=True, labels=("blue",))
    make_label("red")

    assert label(capsys) == "red: suggested for 1, given by people to 0; from 0.900\n"


def test_as_json(capsys):
    make_asset(colour="red", embedded=True)
    make_label("red")

    assert json.loads(label(capsys, "--json")) == {
        "encoder": "fake",
        "labels": [
            {"name": "red", "threshold": 0.9, "lowest": 0.9, "fitted_to": None}
            | {"suggestions": 1, "confirmed": 0}
        ],
    }


def test_again_goes_by_stored_vectors(capsys, request):
    make_asset(colour="red", embedded=True)
    make_asset(colour="yellow", embedded=True)
    make_label("red")
    label(capsys)
    Label.objects.update(threshold=0)
    request.getfixturevalue("no_encoder_runs")

    assert label(capsys, "--again").startswith("red: suggested for 2,")


def test_again_makes_what_was_lost_anew(capsys):
    make_asset(colour="red", embedded=True)
    make_label("red")
    label(capsys)
    AssetLabel.objects.all().delete()

    assert label(capsys, "--again").startswith("red: suggested for 1,")


def test_again_says_what_is_still_to_be_encoded(no_encoder_runs, capsys):
    make_encoder()
    make_label("red")

    call_command("label", "--again")

    out, err = capsys.readouterr()
    assert "Labels still to be encoded, by manage.py label: 1." in err
    assert out.endswith("still to be encoded\n")


def test_a_small_library_is_too_small_for_a_fit(capsys):
    make_asset(embedded=True)
    make_label("red", threshold=None)

    assert label(capsys).endswith("; not before 20 assets are embedded\n")


def test_an_empty_vocabulary_is_said_in_words(capsys):
    make_encoder()

    assert label(capsys) == ("No label is suggested yet: mark some in the admin, under Labels.\n")


def test_without_an_encoder_it_is_one_sentence(settings):
    settings.EMBEDDED_DATABASE = False
    with pytest.raises(CommandError, match="^No encoder serves yet: run"):
        call_command("label")


def test_a_checkpoint_that_cannot_be_loaded_is_one_sentence(no_encoder_runs):
    make_encoder()
    make_label("red")

    with pytest.raises(CommandError, match="^This folder is no checkpoint.$"):
        call_command("label")
    assert not LabelVector.objects.exists()
