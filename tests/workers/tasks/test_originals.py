"""What is made ahead of its use, and how much of it is used at once."""

import threading
from types import SimpleNamespace

import pytest
from PIL import Image

from search.models import Embedding
from tests.support.factories import make_asset, make_encoder
from workers import encoder_cache
from workers.encoders.protocol import CheckpointError
from workers.tasks import embeddings
from workers.tasks.originals import ahead


def test_the_next_are_made_while_the_first_is_used():
    begun = [threading.Event() for _ in range(4)]

    for number, make in ahead(lambda number: begun[number].set(), range(4)):
        make()
        assert number == 3 or begun[number + 1].wait(5)


def test_what_raises_raises_in_its_place_and_the_others_go_on():
    results = []
    for number, make in ahead(lambda number: 6 // number, [3, 0, 2]):
        try:
            results.append(make())
        except ZeroDivisionError:
            results.append(number)

    assert results == [2, 0, 3]


def test_what_nobody_uses_any_more_is_not_begun():
    begun, release = [], threading.Event()

    def work(number):
        begun.append(number)
        release.wait(5)

    made = ahead(work, range(20))
    next(made)
    release.set()
    made.close()

    assert len(begun) < 20


def pictures(*sides):
    return [(number, Image.new("RGB", (side, side))) for number, side in enumerate(sides)]


@pytest.mark.parametrize(
    ("sides", "batches"),
    [([9] * 5, [2, 2, 1]), ([50, 9, 9, 50], [1, 2, 1]), ([9, 50, 9], [2, 1]), ([], [])],
)
def test_a_batch_is_full_by_its_pixels_or_their_number(monkeypatch, sides, batches):
    monkeypatch.setattr(embeddings, "BATCH_PIXELS", 2000)

    made = [len(batch) for batch in embeddings.in_batches(pictures(*sides), 2)]

    assert made == batches


@pytest.mark.django_db
def test_where_an_encoder_fails_midway_the_rest_waits_and_is_claimed_by_nobody(
    fake_encoder, monkeypatch
):
    encoder, encode = make_encoder(), fake_encoder.encode_images
    for number in range(8):
        make_asset(title=f"asset {number}")
    calls = SimpleNamespace(count=0)

    def fail_the_second_time(images):
        calls.count += 1
        if calls.count == 2:
            raise CheckpointError("not_enough_memory", name="fake")
        return encode(images)

    monkeypatch.setattr(fake_encoder, "encode_images", fail_the_second_time)
    with pytest.raises(CheckpointError):
        embeddings.embed_batch(encoder, encoder_cache.encoder_of(encoder, vision_only=True))

    assert Embedding.objects.done().count() == 4
    assert Embedding.objects.waiting().filter(token=None, error="").count() == 4
