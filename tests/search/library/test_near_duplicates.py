"""Near-duplicates: found, kept together, told apart for ever, and collapsed to one hit."""

import threading
from random import Random
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pgvector.django import HammingDistance

from search.formats.facts import Facts
from search.formats.likeness import BITS, PLAIN, layout_of, perceptual_hash
from search.library import near_duplicates
from search.library.near_duplicates import collapse, compare_next, reset, take_back, tell_apart
from search.models import Asset, NotDuplicate
from tests.support.drawn import drawing
from tests.support.factories import make_asset, make_user
from workers.look_around import look_around
from workers.tasks import inspections
from workers.tasks.cleaning import clean_up

A, B, C, D = (uuid4() for _ in range(4))
HASH = "01" * 32
LAYOUT = layout_of(drawing())

pytestmark = pytest.mark.django_db


def flipped(count, start=0):
    """HASH with so many of its bits another way."""
    bits = ["10"[int(bit)] if start <= at < start + count else bit for at, bit in enumerate(HASH)]
    return "".join(bits)


def make(title="a", bits=0, start=0, layout=LAYOUT, **fields):
    given = {"phash": flipped(bits, start), "layout": layout, "size": (320, 240)} | fields
    return make_asset(title=title, **given)


def compare():
    while compare_next():
        pass


def clusters():
    """The titles of each cluster's members, in order."""
    titles = {}
    for title, cluster in Asset.objects.order_by("title").values_list("title", "cluster"):
        titles.setdefault(cluster, []).append(title)
    return sorted(map("".join, titles.values()))


# Collapsing


def test_the_first_of_a_cluster_stands_for_the_others():
    assert collapse([(A, A), (B, B), (C, A), (D, A)]) == [(A, 2), (B, 0)]


def test_assets_that_were_not_compared_yet_stand_for_themselves():
    assert collapse([(A, None), (B, None)]) == [(A, 0), (B, 0)]


def test_the_order_of_the_hits_is_kept():
    assert [asset for asset, _ in collapse([(C, C), (B, A), (D, D), (A, A)])] == [C, B, D]


# Comparing


def test_a_near_copy_joins_the_older_one():
    first, _ = make("a"), make("b", bits=BITS)

    compare()

    assert clusters() == ["ab"]
    assert set(Asset.objects.values_list("cluster", flat=True)) == {first.pk}


@pytest.mark.parametrize(
    "changes",
    [
        {"bits": BITS + 1},
        {"layout": layout_of(drawing(colour="blue"))},
        {"size": (240, 320)},
    ],
    ids=["hash", "colours", "proportions"],
)
def test_one_that_differs_in_this_stays_alone(changes):
    make("a"), make("b", **changes)

    compare()

    assert clusters() == ["a", "b"]


def test_a_chain_ends_where_it_is_no_longer_like_the_first():
    make("a"), make("b", bits=8), make("c", bits=16), make("d", bits=24)

    compare()

    assert clusters() == ["ab", "cd"]


def test_it_joins_the_one_that_is_nearest():
    make("a"), make("b", bits=BITS + 1), make("c", bits=8)

    compare()

    assert clusters() == ["a", "bc"]


def test_plain_pictures_are_duplicates_only_where_their_bytes_are_equal():
    make("a", phash=PLAIN, sha256="1" * 64), make("b", phash=PLAIN, sha256="2" * 64)
    make("c", phash=PLAIN, sha256="1" * 64, owner=make_user("bert"))

    compare()

    assert clusters() == ["ac", "b"]


def test_comparing_again_changes_nothing():
    make("a"), make("b", bits=5)
    compare()
    before = set(Asset.objects.values_list("pk", "cluster"))

    assert not compare_next()
    assert set(Asset.objects.values_list("pk", "cluster")) == before


def test_one_without_a_hash_is_not_compared():
    make("a", phash=None)

    assert not compare_next()


def test_the_hashes_are_read_from_the_indexes_of_their_bands():
    for number in range(30):
        make(str(number), phash=perceptual_hash(drawing(number)))
    compare()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        with CaptureQueriesContext(connection) as queries:
            near_duplicates.near(HASH)
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    for band in range(1, 5):
        assert f"Index Only Scan using asset_firsts_{band}" in plan
    assert plan.count("Index Cond: ") == 4


def test_one_that_is_like_nothing_takes_five_statements_and_no_wait_for_the_disk():
    make("a"), make("b", phash=perceptual_hash(drawing(1)))
    compare_next()
    with CaptureQueriesContext(connection) as queries:
        compare_next()
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]

    assert statements[0] == "SET LOCAL synchronous_commit = off"
    assert len(statements) == 5


def test_control_what_a_person_says_waits_for_the_disk(trio):
    one, other, _ = trio
    with CaptureQueriesContext(connection) as queries:
        tell_apart(one, other, person=make_user())
    assert not any("synchronous_commit" in query["sql"] for query in queries)


def changed(phash, number, random):
    flips = set(random.sample(range(64), number))
    return "".join("10"[int(bit)] if at in flips else bit for at, bit in enumerate(phash))


def test_by_the_bands_exactly_those_are_near_that_a_comparison_of_all_would_find():
    random = Random(7)
    for number in range(100):
        make_asset(title=f"{number}", phash=changed(HASH, number % 20, random))
    Asset.objects.update(cluster=F("id"))

    bits = HammingDistance("phash", HASH)
    near = Asset.objects.annotate(bits=bits).filter(bits__lte=BITS).values_list("pk", "bits")

    assert len(near) == 65
    assert near_duplicates.near(HASH) == dict(near)


def test_a_follower_is_not_compared_with():
    make("a"), make("b", bits=3)
    compare()

    assert set(near_duplicates.near(HASH)) == {Asset.objects.get(title="a").pk}


@pytest.mark.django_db(transaction=True)
def test_workers_that_compare_at_once_find_one_cluster():
    for title in "abcdefgh":
        make(title, bits=ord(title) - ord("a"))
    meet = threading.Barrier(3)

    def work():
        meet.wait()
        compare()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert clusters() == ["abcdefgh"]


# Told apart


@pytest.fixture
def trio():
    """A first one and two like it, of which the third is nearest to the second."""
    made = make("a"), make("b", bits=6), make("c", bits=7)
    compare()
    return [Asset.objects.get(pk=asset.pk) for asset in made]


def test_who_is_told_apart_leaves_with_what_is_nearer_to_it(trio):
    tell_apart(trio[0], trio[1], person=make_user())

    assert clusters() == ["a", "bc"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_does_not_matter_of_which_it_is_said(trio, order):
    tell_apart(trio[order[0]], trio[order[1]], person=make_user())

    assert clusters() == ["a", "bc"]


def test_two_that_came_later_can_be_told_apart(trio):
    tell_apart(trio[1], trio[2], person=make_user())

    assert clusters() == ["ab", "c"]


def test_it_is_remembered_when_all_is_compared_anew(trio):
    tell_apart(trio[0], trio[1], person=make_user())
    Asset.objects.update(cluster=None)

    compare()

    assert clusters() == ["a", "bc"]


def test_it_is_remembered_when_hashes_are_computed_anew(trio):
    tell_apart(trio[0], trio[1], person=make_user())
    reset(Asset.objects.all())
    Asset.objects.update(phash=HASH)

    compare()

    together = Asset.objects.filter(pk__in=[trio[0].pk, trio[1].pk]).values("cluster").distinct()
    assert together.count() == 2


def test_a_further_copy_does_not_bring_the_two_together(trio):
    tell_apart(trio[0], trio[1], person=make_user())
    make("d", bits=3)

    compare()

    assert clusters() == ["ad", "bc"]


def test_an_exact_copy_goes_to_its_like(trio):
    tell_apart(trio[0], trio[1], person=make_user())
    Asset.objects.filter(title="b").update(phash=HASH)
    make("d", sha256=trio[1].sha256, owner=make_user("bert"))

    compare()

    assert clusters() == ["a", "bcd"]


def test_saying_it_twice_is_saying_it_once(trio):
    for _ in range(2):
        tell_apart(trio[0], trio[1], person=make_user())

    assert NotDuplicate.objects.count() == 1


def test_taken_back_it_is_as_before(trio):
    tell_apart(trio[0], trio[1], person=make_user())
    take_back(trio[1], trio[0])

    assert clusters() == ["abc"]


def test_of_a_long_cluster_workers_sort_the_rest(trio, monkeypatch):
    monkeypatch.setattr(near_duplicates, "MAX_RECLUSTERED_NOW", 2)

    tell_apart(trio[0], trio[1], person=make_user())
    assert near_duplicates.waiting().count() == 1
    compare()

    assert clusters() == ["a", "bc"]


# Deleted


def test_without_the_first_the_others_are_compared_anew():
    first, *_ = make("a", bits=8), make("b"), make("c", bits=16)
    compare()
    assert clusters() == ["abc"]

    first.delete()
    compare()

    assert clusters() == ["b", "c"]


def test_without_another_member_the_first_stays():
    _, other = make("a"), make("b")
    compare()

    other.delete()

    assert clusters() == ["a"]
    assert not near_duplicates.waiting().exists()


def test_all_of_a_cluster_may_be_deleted_at_once(trio):
    Asset.objects.all().delete()

    assert not Asset.objects.exists()


# Those that were there before


def make_old(image=None, **fields):
    """An asset as it was before such facts were kept, and for which nothing else is to be done."""
    asset = make_asset(**fields)
    asset.renditions.all().delete()
    if image:
        with default_storage.open(asset.original.name, "wb") as file:
            image.save(file, "PNG")
    return asset


def test_workers_find_what_was_not_kept():
    old = make_old(drawing())

    look_around()

    old.refresh_from_db()
    assert old.phash == perceptual_hash(drawing().resize((64, 48)))
    assert old.cluster == old.pk


def test_what_a_person_says_of_the_date_stays(monkeypatch):
    old = make_old(drawing(), taken="1999-01-01T00:00Z")
    other = Facts("PNG", 1, 1, "#000000", HASH, LAYOUT, old.created)
    monkeypatch.setattr(inspections, "inspect", lambda original: other)

    look_around()

    assert Asset.objects.get().taken.year == 1999


@pytest.mark.parametrize("damage", ["undecodable", "missing"])
def test_an_original_that_cannot_be_read_does_not_come_back(damage):
    old = make_old()
    default_storage.delete(old.original.name)
    if damage == "undecodable":
        with default_storage.open(old.original.name, "wb") as file:
            file.write(b"no picture")

    look_around()

    assert Asset.objects.get().phash == PLAIN


def test_a_storage_that_is_away_costs_nothing_but_time(monkeypatch):
    make_old()

    def away(original):
        raise OSError("no answer")

    monkeypatch.setattr(inspections, "inspect", away)
    look_around()

    assert Asset.objects.get().phash is None


def test_an_original_is_looked_at_by_one_worker(monkeypatch):
    seen = []
    monkeypatch.setattr(inspections, "store_facts", lambda asset: seen.append(asset.pk))
    make_old()

    inspections.do(), inspections.do()

    assert len(seen) == 1


def test_one_that_ended_its_worker_is_tried_again_after_the_cleaning(monkeypatch):
    old = make_old(drawing())
    with monkeypatch.context() as patched:
        patched.setattr(inspections, "store_facts", lambda asset: None)
        inspections.do()
    look_around()
    assert Asset.objects.get().phash is None

    clean_up()
    look_around()

    assert Asset.objects.get().cluster == old.pk


def test_what_is_forgotten_can_be_seen_again_at_once():
    old = make_old(drawing())
    look_around()
    reset(Asset.objects.all())

    look_around()

    assert Asset.objects.get().cluster == old.pk


def test_backfill_waits_for_uploads():
    fresh = make_asset()
    assert not inspections.waits()
    fresh.renditions.all().delete()
    assert inspections.waits()
