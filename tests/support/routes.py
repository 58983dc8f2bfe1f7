"""What each role is answered at each route, by each method.

The routes are those of the URLconf, so that none can be forgotten: each is asked for with the rows
of a small library, all of which belong to "owner". Whatever a request changes is taken back.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse
from django.template.backends import django as django_templates
from django.template.backends import jinja2 as jinja_templates
from django.test import Client, RequestFactory, override_settings
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from search.admin import site
from search.history.context import acting
from search.library import trash
from search.library.documents import keep_document
from search.library.versions import FACTS
from search.models import (
    Asset,
    AssetLabel,
    Change,
    ClaimRule,
    Embedding,
    Encoder,
    Evaluation,
    Group,
    Invitation,
    JudgedQuery,
    Judgement,
    Label,
    Preference,
    Rendition,
    SavedPicture,
    SavedSearch,
    Term,
    TrainingRun,
    User,
    Version,
)
from tests.support import pictures
from tests.support.factories import make_asset, make_encoder, make_user

# The unsafe ones last, since they may change what the next one would find; POST with the field by
# which the admin's pages confirm.
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST")
CONFIRMED = {"post": "yes"}
# "public" is a stranger where PUBLIC_SEARCH is on.
ROLES = ("stranger", "public", "viewer", "contributor", "owner", "curator", "superuser")
STRANGERS = ("stranger", "public")
TOKEN = "a" * 32


# In the order of METHODS; None for a method that was not tried.
Statuses = tuple[int | None, ...]


class Cell(NamedTuple):
    """One line of the table."""

    route: str
    role: str
    statuses: Statuses


def routes(urlconf: ModuleType | None = None) -> list[str]:
    """Every route, as it stands in the URLconf; one of two names once."""
    return list(dict.fromkeys(_routes(get_resolver(urlconf), "")))


def _routes(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield route


def read(path: Path) -> list[Cell]:
    with path.open(newline="") as file:
        lines = list(csv.reader(file))[1:]
    return [Cell(route, role, tuple(map(int, statuses))) for route, role, *statuses in lines]


def write(path: Path, cells: Iterable[Cell]) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["route", "role", *METHODS])
        table.writerows([cell.route, cell.role, *cell.statuses] for cell in cells)


class Doors:
    """A small library, and everyone who comes to its doors."""

    def __init__(self, settings) -> None:
        # Kept in the cookie: a query less for each of some 5,000 requests.
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        self.people = people = {
            "viewer": make_user("viewer"),
            "contributor": make_user("contributor", role="contributor"),
            "owner": make_user("owner"),
            "curator": make_user("curator", role="curator"),
            "superuser": make_user("superuser", staff=True),
        }
        self.rows = _rows(people["owner"])
        self.rows |= _rows_of_admin(people["superuser"])
        self.sessions = {role: _session(person) for role, person in people.items()}
        self.client = Client(raise_request_exception=False)

    def admit(self, role: str, person: User) -> None:
        """One more who comes to the doors."""
        self.people[role], self.sessions[role] = person, _session(person)

    def cells(
        self,
        routes: Sequence[str],
        methods: Sequence[str] = METHODS,
        roles: Sequence[str] = ROLES,
    ) -> list[Cell]:
        """A line for each role at each of these routes, in their order."""
        lines = {role: self._lines(role, routes, methods) for role in roles}
        return [
            Cell(route, role, lines[role][number])
            for number, route in enumerate(routes)
            for role in roles
        ]

    def ask(self, route: str, role: str, method: str = "GET") -> HttpResponse:
        """What this role is answered at a route, to which a query may be appended."""
        with override_settings(PUBLIC_SEARCH=role == "public"):
            return self._ask(route, role, method)

    def _lines(self, role: str, routes: Sequence[str], methods: Sequence[str]) -> list[Statuses]:
        with override_settings(PUBLIC_SEARCH=role == "public"):
            return [self._statuses(route, role, methods) for route in routes]

    def _statuses(self, route: str, role: str, methods: Sequence[str]) -> Statuses:
        with transaction.atomic():
            statuses = {each: self._ask(route, role, each).status_code for each in methods}
            transaction.set_rollback(True)
        return tuple(statuses.get(method) for method in METHODS)

    def _ask(self, route: str, role: str, method: str) -> HttpResponse:
        self.client.cookies.clear()  # Some address signs out, and some session is given anew.
        if role not in STRANGERS:
            self.client.cookies["sessionid"] = self.sessions[role]
        ask = getattr(self.client, method.lower())
        path = self._path(route)
        return ask(path, CONFIRMED) if method == "POST" else ask(path)

    def _path(self, route: str) -> str:
        path = f"/{route}"
        for place, value in self.rows.items():
            path = path.replace(place, value)
        assert not re.search(r"[<(]", path), (
            f"{route}: tests/support/routes.py has no row to ask for it with"
        )
        return path


def _session(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def _rows(owner: User) -> dict[str, str]:
    """What stands for each argument of a route that is not the admin's."""
    encoder, other = make_encoder(), make_encoder(slug="other", revision="2", state=READY)
    asset = make_asset(owner=owner, embedded=True, thumbnail=True, labels=("farm",))
    _fail(make_asset(title="damaged", owner=owner, collection="water"))
    suggestion = Label.objects.create(name="sea")
    AssetLabel.objects.create(asset=asset, label=suggestion, source=AssetLabel.Source.ENCODER)
    saved = SavedSearch.objects.create(owner=owner, name="red", parameters={"q": ["red"]})
    file = ContentFile(pictures.jpeg(), name="a.jpg")
    SavedPicture.objects.create(search=saved, token=TOKEN, picture=file)
    judged = JudgedQuery.objects.create(key="1", picture=ContentFile(pictures.jpeg(), name="b.jpg"))
    Judgement.objects.create(query=judged, asset=asset, grade=1, person=owner)
    Preference.objects.create(query=judged, left=encoder, right=other, verdict="tie", person=owner)
    Evaluation.objects.create(encoder=encoder, dataset="d", task="t", queries=1, figures=FIGURES)
    TrainingRun.objects.create(person=owner)
    token = Invitation(name="ann").renew(make_user("superuser", staff=True))
    document = keep_document(ContentFile(b"I agree.", name="c.txt"))
    Term.objects.create(asset=asset, effect=Term.Effect.ALLOW, document=document)
    group = Group.objects.create(name="press")
    ClaimRule.objects.create(claim="groups", value="press", group=group)
    trashed = make_asset(title="deleted", owner=owner, embedded=True, thumbnail=True)
    trash.put(Asset.objects.filter(pk=trashed.pk), by=owner)
    thumbnail = asset.rendition("thumbnail").file
    same = {name: getattr(asset, name) for name in ("original", "sha256", "filename", *FACTS)}
    Version.objects.create(asset=asset, number=1, thumbnail=thumbnail, bytes=1, **same)
    content = ContentType.objects.get_for_model(Asset).pk
    with acting(lambda: {"command": "test"}):
        Asset.objects.filter(pk=asset.pk).update(description="A farm.")
    change = Change.objects.latest("id")
    return {
        "assets/<uuid:pk>": f"assets/{asset.pk}",
        "documents/<uuid:pk>": f"documents/{document.pk}",
        "trashedasset/<uuid:pk>": f"trashedasset/{trashed.pk}",
        "asset/<uuid:pk>": f"asset/{asset.pk}",
        "<int:number>": "1",
        "saved/<uuid:pk>": f"saved/{saved.pk}",
        "compare/pictures/<int:pk>": f"compare/pictures/{judged.pk}",
        "address/<str:token>": "address/none",
        "invitation/<slug:token>": f"invitation/{token}",
        "query-pictures/<slug:token>": f"query-pictures/{TOKEN}",
        "picture/<slug:spec>": "picture/preview",
        "history/<int:pk>": f"history/{change.pk}",
        "history/<uuid:pk>": f"history/{change.context_id}",
        "user/<id>": f"user/{owner.pk}",
        "passkey/<int:pk>": "passkey/1",
        "<uidb64>/<token>": "MQ/none-none",
        "<path:content_type_id>/<path:object_id>": f"{content}/{asset.pk}",
        "^(?P<app_label>search)/$": "search/",
        "admin/(?P<url>.*)$": "admin/nowhere/",
    }


READY, FIGURES = Encoder.State.READY, {"R@1": [0.5, 0.4, 0.6]}


def _fail(asset: Asset) -> None:
    for promises in (Embedding.objects, Rendition.objects):
        promises.filter(asset=asset).update(error="decoding_failed")


def _rows_of_admin(superuser: User) -> dict[str, str]:
    """A row of each model, as far as its pages show one."""
    request = RequestFactory().get("/")
    request.user = superuser
    paths = {}
    for model, admin in site._registry.items():
        row = admin.get_queryset(request).first()
        assert row, f"tests/support/routes.py makes no {model._meta.verbose_name}"
        path = f"admin/search/{model._meta.model_name}/"
        paths[f"{path}<path:object_id>"] = f"{path}{row.pk}"
    return paths


@contextmanager
def quickly(doors: Doors) -> Iterator[None]:
    """Nobody is looked up anew for each request, and no page is filled in, which takes most of the
    time and comes after every decision."""
    people = {person.pk: person for person in doors.people.values()}
    with pytest.MonkeyPatch.context() as patch:
        # Of each request its own: what a person may see is stored with them.
        patch.setattr(ModelBackend, "get_user", lambda self, pk: copy(people.get(pk)))
        for engine in (django_templates, jinja_templates):
            patch.setattr(engine.Template, "render", lambda *args, **kwargs: "")
        yield


def differences(table: list[Cell], answers: list[Cell]) -> list[str]:
    """What the table says otherwise, or not at all, each as a sentence."""
    stored, current = _by_door(table), _by_door(answers)
    return [
        *(f"{' for '.join(door)} is not in the table." for door in current.keys() - stored.keys()),
        *(f"{' for '.join(door)} is no route any more." for door in stored.keys() - current.keys()),
        *(
            f"{route} for {role}: {method} answers {new}, by the table {old}."
            for route, role in stored.keys() & current.keys()
            for method, old, new in zip(
                METHODS, stored[route, role], current[route, role], strict=True
            )
            if new not in (None, old)
        ),
    ]


def _by_door(cells: Iterable[Cell]) -> Mapping[tuple[str, str], Statuses]:
    return {(cell.route, cell.role): cell.statuses for cell in cells}
