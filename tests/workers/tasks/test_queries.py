"""What people search for, to vectors: by the query worker."""

import pytest
from django.core.cache import cache

from tests.support.factories import make_encoder
from workers.tasks.queries import encode_text

pytestmark = pytest.mark.django_db


def test_once_its_encoder_is_loaded_a_text_needs_no_database(
    fake_encoder, django_assert_num_queries
):
    encoder = make_encoder()
    encode_text.delay(encoder.pk, "red", "first")  # Loads it.
    with django_assert_num_queries(0):
        encode_text.delay(encoder.pk, "red", "second")
    assert cache.get("second") == cache.get("first") is not None


def test_control_an_encoder_that_is_not_loaded_is_looked_up(
    fake_encoder, django_assert_max_num_queries
):
    encoder = make_encoder()
    with django_assert_max_num_queries(20) as queries:
        encode_text.delay(encoder.pk, "red", "key")
    assert len(queries) > 0
