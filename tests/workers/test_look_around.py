"""The bell, and the worker that looks around when it hears it."""

import re
from types import SimpleNamespace

import pytest
from django.conf import settings
from kombu.exceptions import OperationalError as MessageNotSent

from search.management.commands.demo import processes
from search.models import Embedding, Rendition
from tests.support.elsewhere import elsewhere
from tests.support.factories import make_asset, make_encoder
from workers import bell, look_around, queues, turns
from workers.tasks import embeddings, queries, renditions

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(monkeypatch, settings):
    """The messages that are sent, with the options that they travel with."""
    from celery.canvas import Signature

    settings.CELERY_TASK_ALWAYS_EAGER = False
    sent = []

    def send(self, **options):
        sent.append((self.task, self.args, options))

    monkeypatch.setattr(Signature, "apply_async", send)
    return sent


def kind(steps, **answers):
    """A kind of work whose steps are noted, as long as any are left."""
    left = [True] * steps

    def do():
        done.append(left.pop())
        return True

    done = []
    return SimpleNamespace(waits=lambda: bool(left), do=do, done=done)


# The bell


def test_the_bell_is_one_message_and_asks_the_database_nothing(messages, django_assert_num_queries):
    make_encoder(), make_asset()
    with django_assert_num_queries(0):
        bell.ring()
    [(task, arguments, options)] = messages
    assert (task, list(arguments)) == (look_around.look_around.name, ["ingest"])
    assert options["queue"] == "ingest"


def test_what_can_wait_travels_behind_every_search(messages):
    bell.ring(queues.QUERY)
    assert messages[0][2]["priority"] == 9  # Of Redis the last.


def test_a_silent_redis_is_no_error(monkeypatch, settings):
    def unsent(*given, **options):
        raise MessageNotSent("Redis is away")

    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr("celery.canvas.Signature.apply_async", unsent)
    bell.ring()


def test_without_redis_all_is_done_before_it_returns(fake_encoder):
    make_encoder(), make_asset()
    bell.ring()
    assert not Rendition.objects.waiting().exists()
    assert not Embedding.objects.waiting().exists()


@pytest.mark.parametrize(
    "task", [queries.encode_text, queries.encode_picture, queries.encode_region]
)
def test_what_people_search_for_has_a_queue_of_its_own(task):
    assert task.app.amqp.router.route({}, task.name)["queue"].name == queues.QUERY


# Looking around


def test_all_kinds_get_their_turn_until_none_gets_on(monkeypatch):
    few, many = kind(2), kind(5)
    monkeypatch.setattr(look_around, "KINDS", {queues.INGEST: [many, few]})
    look_around.look_around()
    assert (len(few.done), len(many.done)) == (2, 5)


def test_after_a_while_whoever_else_waits_has_their_turn(monkeypatch, settings, rung):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(look_around, "KINDS", {queues.QUERY: [work := kind(3)]})
    look_around.look_around(queues.QUERY)
    assert len(work.done) == 1 and rung == [queues.QUERY]


def test_what_does_not_get_on_is_left_to_the_next_bell(monkeypatch, rung):
    stuck = SimpleNamespace(waits=lambda: True, do=lambda: False)
    monkeypatch.setattr(look_around, "KINDS", {queues.INGEST: [stuck]})
    look_around.look_around()
    assert rung == []


def test_nothing_waits_that_someone_is_doing():
    make_encoder(), make_asset()
    assert renditions.waits() and embeddings.waits()
    Embedding.objects.claim_fresh(1)
    Rendition.objects.claim_fresh(2)
    assert not renditions.waits() and not embeddings.waits()


def test_each_queue_has_a_worker_in_production_and_in_the_demo():
    compose = (settings.BASE_DIR / "docker-compose.yml").read_text()
    for consumed in (
        re.findall(r"-Q, (\w+)", compose),
        re.findall(r"-Q (\w+)", " ".join(" ".join(c) for c in processes("").values())),
    ):
        assert sorted(consumed) == sorted(look_around.KINDS)


# Turns


def test_a_turn_is_had_by_one_at_a_time():
    with elsewhere("a job"), turns.turn("a job") as taken:
        assert not taken
    with turns.turn("a job") as taken:
        assert taken


def test_turns_of_other_names_are_free():
    with elsewhere("a job"), turns.turn("another") as taken:
        assert taken
