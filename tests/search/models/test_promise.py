"""Claims: who may work on what, who may write, and what happens when a worker dies."""

from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from search.models import Embedding
from search.models.lease import MAX_ATTEMPTS
from search.refusals import Refusal
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import COLOURS, direction

pytestmark = pytest.mark.django_db
RED = direction(COLOURS["red"])
NO_PICTURE = Refusal("text", text="This is no picture.")


def promised(count: int = 1):
    make_encoder()
    for number in range(count):
        make_asset(title=f"asset {number}")
    return Embedding.objects.order_by("pk")


def lease_runs_out(promises=None) -> None:
    (Embedding.objects if promises is None else promises).update(
        leased_until=Now() - timedelta(seconds=1)
    )


def test_a_fresh_claim_takes_a_batch_in_order():
    promises = promised(5)

    claimed = Embedding.objects.claim_fresh(3)

    assert [e.pk for e in claimed] == [e.pk for e in promises[:3]]
    assert len({e.token for e in claimed}) == 1


def test_what_is_claimed_is_not_claimed_again():
    promised(3)

    first, second = Embedding.objects.claim_fresh(2), Embedding.objects.claim_fresh(2)

    assert {e.pk for e in first}.isdisjoint(e.pk for e in second)
    assert (len(first), len(second)) == (2, 1)


def test_a_fresh_claim_charges_no_attempt():
    promised()
    assert Embedding.objects.claim_fresh(1)[0].attempts == 0


def test_a_claim_whose_lease_ran_out_is_done_alone_and_charged():
    promised(3)
    Embedding.objects.claim_fresh(3)
    lease_runs_out()

    again = Embedding.objects.claim_again()

    assert len(again) == 1
    assert (again[0].claims, again[0].attempts) == (2, 1)


def test_a_running_lease_is_left_alone():
    promised()
    Embedding.objects.claim_fresh(1)
    assert Embedding.objects.claim_again() == []


def test_fulfilling_stores_the_vector_and_frees_the_claim():
    promised()
    claimed = Embedding.objects.claim_fresh(1)[0]

    assert claimed.fulfil(vector=RED)

    claimed.refresh_from_db()
    assert claimed.state == "done"
    assert (claimed.token, claimed.leased_until) == (None, None)


def test_a_late_worker_writes_nothing():
    promised()
    late = Embedding.objects.claim_fresh(1)[0]
    lease_runs_out()
    punctual = Embedding.objects.claim_again()[0]
    assert punctual.fulfil(vector=RED)

    assert not late.fulfil(vector=-RED)

    late.refresh_from_db()
    assert late.vector[0] > 0


def test_a_late_worker_can_not_condemn_what_another_is_doing():
    promised()
    late = Embedding.objects.claim_fresh(1)[0]
    lease_runs_out()
    Embedding.objects.claim_again()

    assert not late.fail(NO_PICTURE)


def test_a_vector_of_another_original_is_not_stored():
    promised()
    claimed = Embedding.objects.claim_fresh(1)[0]
    claimed.asset.sha256 = "f" * 64
    claimed.asset.save()

    assert not claimed.fulfil(vector=RED)


def test_after_three_lone_attempts_it_is_given_up_with_a_reason():
    promised()
    Embedding.objects.claim_fresh(1)
    for _ in range(MAX_ATTEMPTS):
        lease_runs_out()
        assert Embedding.objects.claim_again()
    lease_runs_out()

    assert Embedding.objects.claim_again() == []

    given_up = Embedding.objects.get()
    assert given_up.state == "failed"
    assert given_up.sentence == "The worker stopped 3 times while it worked on this picture."


def test_the_neighbours_of_a_poison_picture_are_not_charged():
    promised(4)
    Embedding.objects.claim_fresh(4)
    poison = Embedding.objects.order_by("pk").first()
    for _ in range(20):
        lease_runs_out(Embedding.objects.waiting())
        for claimed in Embedding.objects.claim_again():
            if claimed.pk != poison.pk:
                claimed.fulfil(vector=RED)

    states = {e.pk: e.state for e in Embedding.objects.all()}
    assert states.pop(poison.pk) == "failed"
    assert set(states.values()) == {"done"}


def test_a_released_claim_waits_before_it_is_tried_again():
    promised()
    Embedding.objects.claim_fresh(1)[0].release(Refusal("storage_away"))

    assert Embedding.objects.waiting().count() == 1
    assert Embedding.objects.claimable().count() == 0


def test_resetting_makes_a_failed_promise_new():
    promised()
    Embedding.objects.claim_fresh(1)[0].fail(NO_PICTURE)

    Embedding.objects.failed().reset()

    assert [e.claims for e in Embedding.objects.claim_fresh(1)] == [1]


@pytest.mark.django_db(transaction=True)
def test_a_claim_skips_rows_that_another_worker_is_claiming():
    promises = promised(2)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "SELECT id FROM search_embedding WHERE id = %s FOR UPDATE", [promises[0].pk]
            )
            claimed = Embedding.objects.claim_fresh(2)
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    assert [e.pk for e in claimed] == [promises[1].pk]


def test_finding_work_does_not_read_the_fulfilled_rows():
    encoder = promised(30)[0].encoder
    Embedding.objects.update(vector=RED.tolist(), fulfilled=Now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_embedding")
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Embedding.objects.filter(encoder=encoder).waiting().filter(claims=0).explain()

    assert "embedding_waiting" in plan
