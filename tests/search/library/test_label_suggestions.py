"""The vocabulary: what is suggested, by which threshold, and what people's word changes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection

from search.library import label_suggestions
from search.models import AssetLabel, Embedding, Encoder, Label, LabelVector, Rejection
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import COLOURS, direction
from tests.support.labels import SURE, catch_up, make_label, suggested
from workers.tasks import labels

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoded")]


# Thresholds


def test_a_higher_threshold_removes_and_a_lower_one_adds_without_the_encoder(encoded):
    make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="sun", colour="yellow", embedded=True)
    label = make_label("red")
    catch_up()
    encoded.clear()
    titles = []
    for threshold in (0.0, SURE, 0.0):
        Label.objects.filter(pk=label.pk).update(threshold=threshold)
        catch_up()
        titles.append([title for title, _ in suggested()])
    assert titles == [["barn", "sun"], ["barn"], ["barn", "sun"]]
    assert encoded == []


def test_a_suggestion_that_stays_is_the_same_row():
    make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="sun", colour="yellow", embedded=True)
    label = make_label("red")
    catch_up()
    before = AssetLabel.objects.get().pk
    Label.objects.filter(pk=label.pk).update(threshold=0)
    catch_up()
    assert AssetLabel.objects.get(asset__title="barn").pk == before


def test_a_label_taken_from_the_vocabulary_loses_its_suggestions():
    make_asset(colour="red", embedded=True)
    label = make_label("red")
    catch_up()
    Label.objects.filter(pk=label.pk).update(suggested=False)
    catch_up()
    assert suggested() == []


def make_library(*, red, blue):
    for colour, number in (("red", red), ("blue", blue)):
        for n in range(number):
            make_asset(title=f"{colour} {n}", colour=colour, embedded=True)


def test_without_a_threshold_what_stands_out_in_the_library_is_suggested():
    make_library(red=2, blue=20)
    make_label("red", threshold=None)
    catch_up()
    assert suggested() == [("red 0", "red"), ("red 1", "red")]


def test_without_a_threshold_a_small_library_gets_no_suggestions():
    make_library(red=1, blue=label_suggestions.LEAST_SAMPLE - 2)
    make_label("red", threshold=None)
    catch_up()
    assert suggested() == []


def test_a_fit_is_made_anew_once_the_library_has_doubled():
    make_library(red=1, blue=1)
    make_label("red", threshold=None)
    catch_up()
    make_library(red=1, blue=20)
    assert label_suggestions.stale(Encoder.objects.serving()).exists()
    catch_up()
    assert len(suggested()) == 2
    assert LabelVector.objects.get().fitted_to == 23


def test_a_threshold_that_is_given_replaces_the_fitted_one():
    make_library(red=2, blue=20)
    label = make_label("red", threshold=None)
    catch_up()
    Label.objects.filter(pk=label.pk).update(threshold=-1)
    catch_up()
    assert len(suggested()) == 22


# With the embedding


def test_an_asset_gets_its_suggestions_with_its_vector():
    make_encoder()
    make_label("red")
    make_label("blue")
    catch_up()
    make_asset(title="barn", colour="red")
    (embedding,) = Embedding.objects.claim_fresh(1)
    assert label_suggestions.fulfil(embedding, direction(COLOURS["red"]))
    assert suggested() == [("barn", "red")]


def test_vector_and_suggestions_come_together_or_not_at_all(monkeypatch):
    make_encoder()
    make_asset()
    (embedding,) = Embedding.objects.claim_fresh(1)

    def killed(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(label_suggestions, "_replace", killed)
    with pytest.raises(KeyboardInterrupt):
        label_suggestions.fulfil(embedding, direction(COLOURS["red"]))
    assert Embedding.objects.get().state == "waiting"
    monkeypatch.undo()
    assert label_suggestions.fulfil(embedding, direction(COLOURS["red"]))


def test_a_claim_that_came_too_late_suggests_nothing():
    make_encoder()
    make_label("red")
    catch_up()
    make_asset(colour="red")
    (embedding,) = Embedding.objects.claim_fresh(1)
    Embedding.objects.update(token=None)
    assert not label_suggestions.fulfil(embedding, direction(COLOURS["red"]))
    assert suggested() == []


def test_an_asset_that_is_embedded_again_loses_what_no_longer_fits():
    make_asset(colour="red", embedded=True)
    make_label("red")
    catch_up()
    Embedding.objects.reset()
    (embedding,) = Embedding.objects.claim_fresh(1)
    label_suggestions.fulfil(embedding, direction(COLOURS["blue"]))
    assert suggested() == []


def test_an_encoder_that_does_not_serve_suggests_nothing():
    make_encoder()
    other = make_encoder(slug="other", revision="2", state="building", dimensions=3)
    make_asset(title="barn", colour="red", embedded=True)
    make_label("red")
    catch_up()
    (embedding,) = Embedding.objects.filter(encoder=other).claim_fresh(1)
    assert label_suggestions.fulfil(embedding, [0, 0, 1])
    assert suggested() == [("barn", "red")]


# What people say


def test_a_label_that_a_person_gave_is_not_suggested_and_not_touched():
    make_asset(title="barn", colour="red", embedded=True, labels=("red",))
    make_asset(title="shed", colour="red", embedded=True)
    before = AssetLabel.objects.values().get()
    Label.objects.update(suggested=True, threshold=SURE)
    catch_up()
    assert suggested() == [("shed", "red")]
    assert AssetLabel.objects.filter(asset__title="barn").values().get() == before


def test_a_suggestion_gives_way_to_a_person_s_label():
    barn = make_asset(title="barn", colour="red", embedded=True)
    label = make_label("red")
    catch_up()
    AssetLabel.objects.create(asset=barn, label=label)
    label_suggestions.suggest(label)
    assert AssetLabel.objects.get().source == "person"


def test_a_confirmed_suggestion_is_a_person_s_label():
    barn = make_asset(title="barn", colour="red", embedded=True)
    label = make_label("red")
    catch_up()
    label_suggestions.confirm(barn, label)
    label_suggestions.confirm(barn, label)
    label_suggestions.suggest(label)
    assert AssetLabel.objects.get().source == "person"


def test_a_rejected_suggestion_does_not_come_back():
    barn = make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="shed", colour="red", embedded=True)
    label = make_label("red")
    catch_up()
    label_suggestions.reject(barn, label)
    label_suggestions.reject(barn, label)
    label_suggestions.suggest(label)
    Embedding.objects.filter(asset=barn).reset()
    (embedding,) = Embedding.objects.claim_fresh(1)
    label_suggestions.fulfil(embedding, direction(COLOURS["red"]))
    assert suggested() == [("shed", "red")]


def test_a_person_may_give_a_label_after_all():
    barn = make_asset(title="barn", colour="red", embedded=True)
    label = make_label("red")
    label_suggestions.reject(barn, label)
    label_suggestions.confirm(barn, label)
    assert not Rejection.objects.exists()
    assert AssetLabel.objects.get().source == "person"


# At the same time


@pytest.mark.django_db(transaction=True)
def test_an_asset_embedded_while_its_label_changes_gets_the_new_threshold(monkeypatch):
    """The replacement has read the embeddings before this one is committed."""
    make_encoder()
    label = make_label("red", threshold=1)
    catch_up()
    make_asset(title="barn", colour="red")
    (embedding,) = Embedding.objects.claim_fresh(1)
    replaced, go_on = threading.Event(), threading.Event()
    replace = label_suggestions._replace

    def slow(*given):
        replace(*given)
        if threading.current_thread() is not threading.main_thread() and not replaced.is_set():
            replaced.set()
            go_on.wait(10)

    monkeypatch.setattr(label_suggestions, "_replace", slow)
    Label.objects.filter(pk=label.pk).update(threshold=SURE)
    with ThreadPoolExecutor() as pool:
        changing = pool.submit(in_thread, label_suggestions.suggest, label)
        assert replaced.wait(10)
        embedding_it = pool.submit(
            in_thread, label_suggestions.fulfil, embedding, direction(COLOURS["red"])
        )
        with pytest.raises(TimeoutError):
            embedding_it.result(0.3)
        go_on.set()
        changing.result(10)
        assert embedding_it.result(10)
    assert suggested() == [("barn", "red")]


@pytest.mark.django_db(transaction=True)
def test_an_asset_deleted_meanwhile_takes_its_new_label_with_it(monkeypatch):
    make_encoder()
    barn = make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="shed", colour="red", embedded=True)
    label = make_label("red")
    replace = label_suggestions._replace
    with ThreadPoolExecutor() as pool:
        deleting = []

        def deleted(*given):
            replace(*given)
            deleting.append(pool.submit(in_thread, barn.delete))
            with pytest.raises(TimeoutError):
                deleting[0].result(0.5)  # It waits for the words of the barn.

        monkeypatch.setattr(label_suggestions, "_replace", deleted)
        label.is_encoded = False
        labels.settle(label, Encoder.objects.serving())
        deleting[0].result(10)
    assert suggested() == [("shed", "red")]
    assert not label_suggestions.stale(Encoder.objects.serving()).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_planned", [True, False])
def test_a_label_deleted_meanwhile_waits_for_its_vector(monkeypatch, is_planned):
    """The control: deleted just so, each waits for a row of the other, and one of them fails."""
    make_encoder()
    label = make_label("red")
    catch_up()
    delete = partial(label_suggestions.delete, [label.pk]) if is_planned else label.delete
    update_or_create = LabelVector.objects.update_or_create
    with ThreadPoolExecutor() as pool:
        deleting = []

        def interrupted(**values):
            deleting.append(pool.submit(in_thread, delete))
            with pytest.raises(TimeoutError):
                deleting[0].result(0.5)
            return update_or_create(**values)

        monkeypatch.setattr(LabelVector.objects, "update_or_create", interrupted)
        encoder = Encoder.objects.get()
        storing = partial(label_suggestions.store_vector, label, encoder, [1, 0, 0, 0])
        failed = [fails(storing), fails(lambda: deleting[0].result(10))]
    assert any(failed) != is_planned
    assert Label.objects.exists() == failed[1]


def fails(call) -> bool:
    try:
        call()
    except OperationalError:
        return True
    return False


def in_thread(function, *given):
    try:
        return function(*given)
    finally:
        connection.close()


def test_a_replacement_that_is_killed_leaves_what_stood(monkeypatch):
    make_asset(title="barn", colour="yellow", embedded=True)
    label = make_label("red", threshold=0)
    catch_up()
    replace = label_suggestions._replace

    def killed(*given):
        replace(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(label_suggestions, "_replace", killed)
    Label.objects.filter(pk=label.pk).update(threshold=SURE)
    with pytest.raises(KeyboardInterrupt):
        catch_up()
    assert suggested() == [("barn", "red")]
    monkeypatch.setattr(label_suggestions, "_replace", replace)
    assert [stale.name for stale in label_suggestions.stale(Encoder.objects.serving())] == ["red"]
    catch_up()
    assert suggested() == []


# What a label may be


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"templates": ["a photo"]}, '"a photo" has no {} for the label.'),
        ({"threshold": 1.5}, "a number from -1 to 1"),
        ({"templates": [f"{n} {{}}" for n in range(501)]}, "500 prompts"),
        ({"name": ""}, "cannot be blank"),
    ],
)
def test_a_label_that_makes_no_sense_is_refused_in_words(fields, sentence):
    with pytest.raises(ValidationError, match=sentence):
        Label(**({"name": "mug"} | fields)).full_clean()


@pytest.mark.parametrize("threshold", [1.01, -1.01, float("nan"), float("inf")])
def test_the_database_refuses_a_threshold_that_no_score_can_be(threshold):
    with pytest.raises(IntegrityError, match="threshold_is_a_score"):
        Label.objects.create(name="mug", threshold=threshold)
