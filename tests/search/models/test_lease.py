"""What stands in a row that has failed: a code, from which its sentence is made."""

from importlib import import_module

import pytest
from django.apps import apps

from search.models import Embedding, Encoder
from search.refusals import Refusal
from tests.support.factories import make_asset, make_encoder

pytestmark = pytest.mark.django_db
migration = import_module("search.migrations.0013_sentences_become_text")


def test_a_row_stores_a_code_and_shows_a_sentence():
    make_encoder(), make_asset()
    Embedding.objects.claim_fresh(1)[0].fail(Refusal("too_many_bytes", megabytes=60, allowed=50))
    embedding = Embedding.objects.get()
    assert (embedding.error, embedding.error_parameters["allowed"]) == ("too_many_bytes", 50)
    assert embedding.sentence == "This file has 60.0 MB; 50 MB are allowed."


def test_sentences_from_before_there_were_codes_are_shown_as_they_were():
    make_encoder(problem="Its files are gone {here}."), make_asset()
    Embedding.objects.update(error="This file has 100% {braces}.")

    migration.to_codes(apps, None)

    assert Embedding.objects.get().error == "text"
    assert Embedding.objects.get().sentence == "This file has 100% {braces}."
    assert Encoder.objects.get().problem_sentence == "Its files are gone {here}."


def test_taken_back_every_code_is_a_sentence_again():
    make_encoder(), make_asset()
    Embedding.objects.claim_fresh(1)[0].fail(Refusal("storage_away"))
    migration.to_sentences(apps, None)
    assert Embedding.objects.get().error == "The storage could not be read."
