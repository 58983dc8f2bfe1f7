"""Labels to vectors, in the workers: what is encoded, when, and that suggestions follow."""

import numpy as np
import pytest

from search.library import label_suggestions
from search.models import AssetLabel, Embedding, Encoder, Label, LabelVector
from tests.support.elsewhere import elsewhere
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import COLOURS, FakeEncoder, direction
from tests.support.labels import SURE, catch_up, make_label, promote, suggested
from workers import look_around, queues
from workers.encoders.protocol import CheckpointError
from workers.tasks import labels

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoded")]


# From words to suggestions


def test_a_label_is_suggested_for_the_assets_that_it_fits():
    make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="sea", colour="blue", embedded=True)
    make_label("red")
    make_label("blue")
    catch_up()
    assert suggested() == [("barn", "red"), ("sea", "blue")]


def test_a_suggestion_has_its_score():
    make_asset(colour="red", embedded=True)
    make_label("red")
    catch_up()
    assert AssetLabel.objects.get().score == pytest.approx(1, abs=0.001)


def test_a_label_outside_the_vocabulary_is_not_suggested(encoded):
    make_asset(colour="red", embedded=True)
    Label.objects.create(name="red", threshold=SURE)
    catch_up()
    assert suggested() == [] and encoded == []


def test_every_word_is_encoded_in_every_template(encoded):
    make_encoder()
    make_label("mug", synonyms=["cup"], templates=["a photo of a {}", "{}, up close"])
    catch_up()
    assert encoded == ["a photo of a mug", "a photo of a cup", "mug, up close", "cup, up close"]


def test_a_label_without_templates_is_its_bare_words(encoded):
    make_encoder()
    make_label("mug", templates=[])
    catch_up()
    assert encoded == ["mug"]


def test_the_vector_is_the_mean_of_the_prompts_and_of_length_1():
    make_encoder()
    make_label("red", synonyms=["blue"])
    catch_up()
    mean = np.mean([direction(COLOURS["red"]), direction(COLOURS["blue"])], axis=0)
    vector = np.array(LabelVector.objects.get().vector)
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=0.001)


def test_nothing_is_encoded_twice(encoded):
    make_encoder()
    make_label("red")
    catch_up()
    encoded.clear()
    catch_up()
    assert encoded == []


@pytest.mark.parametrize(
    "change", [{"name": "blue"}, {"synonyms": ["blue"]}, {"templates": ["blue {}"]}]
)
def test_a_change_of_words_is_noticed_and_encoded(encoded, change):
    make_asset(colour="red", embedded=True)
    label = make_label("red")
    catch_up()
    encoded.clear()

    Label.objects.filter(pk=label.pk).update(**change)
    catch_up()

    assert encoded and suggested() == []


# Another encoder


def test_after_a_promotion_suggestions_are_those_of_the_new_encoder(monkeypatch):
    make_encoder()
    other = make_encoder(slug="other", revision="2", state="ready", dimensions=3)
    make_asset(title="barn", colour="red", embedded=True)
    make_label("red")
    catch_up()
    Embedding.objects.filter(encoder=other).claim_fresh(1)[0].fulfil(vector=[0, 0, 1])

    class Other(FakeEncoder):
        def encode_texts(self, texts):
            return np.array([[1, 0, 0]] * len(texts), dtype=np.float32)

    monkeypatch.setattr(labels, "encoder_of", lambda *given: Other())
    promote(other)
    catch_up()
    assert suggested() == []


def test_rolling_back_needs_no_encoder(encoded):
    first, other = make_encoder(), make_encoder(slug="other", revision="2", state="ready")
    make_asset(title="barn", colour="red", embedded=True)
    make_label("red")
    catch_up()
    promote(other)
    catch_up()
    assert suggested() == []
    encoded.clear()
    promote(first)
    catch_up()
    assert suggested() == [("barn", "red")] and encoded == []


# The steps


def test_a_stale_label_waits():
    make_encoder()
    make_label("red")
    assert labels.waits()


def test_nothing_waits_where_everything_is_up_to_date():
    make_encoder()
    make_label("red")
    catch_up()
    assert not labels.waits()


def test_a_step_ends_and_leaves_the_rest_to_the_next(monkeypatch, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(labels, "STEP_SECONDS", 0)
    make_encoder()
    for name in ("red", "blue", "green"):
        make_label(name)
    left = []
    while labels.do():
        left.append(label_suggestions.stale(Encoder.objects.serving()).count())
    assert left == [2, 1, 0]


def test_an_encoder_that_cannot_be_loaded_is_not_asked_at_once_again(rung, monkeypatch):
    def broken(*given):
        raise CheckpointError("text", text="Its files are gone.")

    monkeypatch.setattr(labels, "encoder_of", broken)
    make_encoder()
    make_label("red")
    look_around.look_around(queues.QUERY)
    assert rung == []


def test_what_another_worker_is_at_is_left_to_it(encoded):
    make_encoder()
    make_label("red")
    with elsewhere("labels"):
        assert not labels.do()
    assert encoded == []


def test_without_an_encoder_there_is_nothing_to_do():
    make_label("red")
    assert not labels.waits() and not labels.do()


def test_a_label_deleted_while_it_is_encoded_gets_no_vector():
    encoder, label = make_encoder(), make_label("red")
    Label.objects.filter(pk=label.pk).delete()
    label.is_encoded = False
    labels.settle(label, encoder)
    assert not LabelVector.objects.exists()


def test_labels_are_encoded_where_the_text_tower_is():
    assert labels in look_around.KINDS[queues.QUERY]


# In the ingest worker


def test_the_workers_embed_and_suggest(fake_encoder):
    make_encoder()
    make_label("red")
    catch_up()
    make_asset(title="barn", colour="red")
    make_asset(title="sea", colour="blue")
    look_around.look_around()
    assert Embedding.objects.waiting().count() == 0
    assert suggested() == [("barn", "red")]


def test_the_ingest_worker_wakes_whoever_encodes_labels(rung, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    make_encoder()
    make_label("red")
    look_around.look_around()
    assert rung == [queues.QUERY]
