"""Whose picture an asset is: its words, its licence, and that uploads pay nothing for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.forms import SearchForm, data_of
from search.models import Asset, Licence, Rights
from search.query import Query, answer, lexical
from search.query.completion import completions
from search.query.spelling import correction
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


def found(text: str) -> list[tuple[str, tuple[str, ...]]]:
    hits = lexical.search(Asset.objects.all(), text.split(), [])
    return [(hit.title, tuple(lexical.why(hit.where))) for hit in hits]


def test_it_is_found_by_who_made_it_and_by_its_credit_line():
    asset = make_asset(description="A barn.")
    rights = Rights.objects.create(asset=asset, creator="Ada Lovelace", credit="Photo: Reuters")
    assert found("lovelace") == found("reuters") == [("barn", ("credit",))]
    assert found("a barn") == [("barn", ("title", "file name", "description"))]
    Rights.objects.update(creator="Grace Hopper")
    assert (found("lovelace"), found("hopper")) == ([], [("barn", ("credit",))])
    rights.delete()
    assert not found("hopper")


def test_nothing_else_of_its_rights_is_among_its_words():
    Rights.objects.create(asset=make_asset(), source="Agency", notice="Copyright", contact="Desk")
    assert not any(map(found, ("agency", "copyright", "desk")))


def test_a_name_that_is_mistyped_is_offered(fake_encoder):
    make_asset(embedded=True)
    Rights.objects.create(asset=Asset.objects.get(), creator="Lovelace")
    assert str(correction(Query.of("lovelase"), make_user()).words) == "lovelace"


def finds(value: str) -> list[str]:
    form = SearchForm(data_of({"licence": [value]}), make_user())
    assert form.is_valid(), form.errors
    return [hit.asset.title for hit in answer(form.query(), make_user()).hits]


def test_pictures_are_found_by_their_licence(fake_encoder):
    make_asset(title="none", embedded=True)
    asset = make_asset(title="free", embedded=True)
    Rights.objects.create(asset=asset, licence=Licence.objects.get(code="cc-by-4.0"))
    assert finds("CC-BY-4.0") == finds("Attribution (CC BY 4.0)") == ["free"]
    assert finds("cc0-1.0") == []


def test_an_unknown_licence_is_said_in_a_sentence():
    form = SearchForm(data_of({"licence": ["beerware"]}), make_user())
    assert form.sentences() == ["There is no licence “beerware”."]


def test_licences_are_completed_by_code_and_name():
    offered = {c.value for c in completions("licence:public", make_user())}
    assert offered == {"licence:cc0-1.0", "licence:cc-pdm-1.0"}


def test_the_vocabulary_holds_the_licences_that_are_usual():
    with_spdx = Licence.objects.exclude(spdx="")
    assert Licence.objects.filter(uri__contains="rightsstatements.org").count() == 12
    assert with_spdx.filter(uri__contains="/4.0/").count() == 6
    assert {"CC0-1.0", "CC-PDM-1.0"} <= set(with_spdx.values_list("spdx", flat=True))
    assert Licence.objects.get(uri="").name == "All rights reserved"


def test_an_upload_writes_no_row_of_rights():
    with CaptureQueriesContext(
        connection,
    ) as statements:
        make_asset()
    assert not any("search_rights" in each["sql"] for each in statements)
