"""Terms of use, rights and licences, as curators say them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from search.models import Asset, Collection, Document, Grant, Licence, Rights, Term
from tests.support.factories import make_asset, make_user
from tests.support.terms import day, deny, set_clock

pytestmark = pytest.mark.django_db
ADD = reverse("admin:search_term_add")
LIST = reverse("admin:search_term_changelist")
ASSETS = reverse("admin:search_asset_changelist")
DENIAL = {
    "kind": "use",
    "effect": "deny",
    "scope": "everything",
    "display": "hidden",
    "reason": "Embargo",
}
PDF = b"%PDF-1.7 a contract"


@pytest.fixture
def barn():
    return make_asset()


def text(response) -> str:
    return response.content.decode()


def add(client, **fields):
    return client.post(ADD, DENIAL | fields)


def test_a_curator_adds_a_term_with_its_document(curator_client, barn):
    upload = SimpleUploadedFile("contract.pdf", PDF)
    page = add(curator_client, asset=barn.pk, until="2026-05-01T00:00", upload=upload)
    assert page.status_code == 302
    term = Term.objects.get()
    assert (term.asset, term.until, term.document.filename) == (
        barn,
        day("2026-05-01"),
        "contract.pdf",
    )
    assert str(term) == "May not be used until 1 May 2026."


BAD = [
    ({"since": "2026-05-01T00:00", "until": "2026-04-01T00:00"}, "ends before it begins"),
    ({"scope": "territory", "territory": "XX"}, "“XX” is no country"),
    ({"collection": "collection"}, "choose one of them"),
    ({"asset": ""}, "choose one of them"),
    ({"reason": " "}, "Say why it may not be used."),
    ({"upload": SimpleUploadedFile("a.pdf", b"PK\x03\x04")}, "This is no document"),
    ({"until": "tomorrow"}, "Enter a valid date"),
]


@pytest.mark.parametrize(("fields", "sentence"), BAD)
def test_what_makes_no_sense_is_said_on_the_page(curator_client, barn, fields, sentence):
    collection = Collection.objects.create(name="press", slug="press")
    fields = fields | ({"collection": collection.pk} if "collection" in fields else {})
    page = add(curator_client, **{"asset": barn.pk} | fields)
    assert page.status_code == 200 and sentence in text(page)
    assert not Term.objects.exists() and not Document.objects.exists()


def test_what_a_curator_may_not_edit_is_not_theirs_to_deny(curator_client, barn, settings):
    settings.LIBRARY_OPEN = False
    for fields in ({"asset": barn.pk}, {"uploader": barn.owner.pk}):
        assert add(curator_client, **fields).status_code == 200
    term = deny(barn)
    assert curator_client.get(LIST).context["cl"].result_count == 0
    change = reverse("admin:search_term_change", args=[term.pk])
    assert curator_client.post(change, DENIAL | {"reason": "x"}).status_code == 302
    assert Term.objects.get().reason == "Embargo"


def test_the_list_shows_each_as_a_sentence_with_its_state(curator_client, barn, monkeypatch):
    set_clock(monkeypatch, "2026-03-15")
    press = Collection.objects.create(name="Press", slug="press")
    deny(barn, until=day("2026-04-01"))
    deny(press, until=day("2026-03-01"), reason="Past")
    deny(barn, since=day("2026-06-01"), scope="print", reason="Later")
    page = text(curator_client.get(LIST))
    for part in ("May not be used until 1 April 2026.", "all in Press", "to come", "over"):
        assert part in page
    listed = {
        state: [
            t.reason for t in curator_client.get(f"{LIST}?state={state}").context["cl"].result_list
        ]
        for state in ("in_force", "ending", "over", "nonsense")
    }
    assert listed["in_force"] == listed["ending"] == ["Embargo"]
    assert listed["over"] == ["Past"] and len(listed["nonsense"]) == 3


def test_the_pages_of_assets_and_collections_show_their_terms(curator_client, barn):
    press = Collection.objects.create(name="Press", slug="press")
    for thing in (barn, press):
        deny(thing, reason="Under embargo")
        name = f"admin:search_{type(thing)._meta.model_name}_change"
        assert "Under embargo" in text(curator_client.get(reverse(name, args=[thing.pk])))


def form_of(**rows) -> dict[str, object]:
    """What the page of an asset sends, with these rows of its formsets."""
    data: dict[str, object] = {"title": "barn"}
    for prefix in ("asset_labels", "Collection_assets", "rights", "terms"):
        new = rows.get(prefix, [])
        data |= {f"{prefix}-TOTAL_FORMS": len(new), f"{prefix}-INITIAL_FORMS": 0}
        for number, row in enumerate(new):
            data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def test_terms_and_rights_are_said_on_the_page_of_an_asset(curator_client, barn):
    page = reverse("admin:search_asset_change", args=[barn.pk])
    upload = {"upload": SimpleUploadedFile("a.pdf", PDF)}
    rows = {"rights": [{"credit": "Photo: Ada"}], "terms": [DENIAL | upload]}
    assert curator_client.post(page, form_of(**rows)).status_code == 302
    assert (barn.terms.get().document.filename, barn.rights.credit) == ("a.pdf", "Photo: Ada")


def test_a_bad_term_on_the_page_of_an_asset_is_said_there(curator_client, barn):
    page = reverse("admin:search_asset_change", args=[barn.pk])
    answer = curator_client.post(page, form_of(terms=[DENIAL | {"reason": ""}]))
    assert answer.status_code == 200 and "Say why it may not be used." in text(answer)
    assert not Term.objects.exists()


def test_a_contributor_says_whose_picture_theirs_is_and_sets_no_term(client):
    person = make_user("contributor")
    person.is_contributor = True
    person.save()
    client.force_login(person)
    asset = make_asset(owner=person)
    deny(asset, reason="Sealed by the curators")
    page = text(client.get(reverse("admin:search_asset_change", args=[asset.pk])))
    assert "credit line" in page.lower() and "Sealed by the curators" not in page
    assert client.get(LIST, follow=True).status_code == 403


# Of many -----------------------------------------------------------------------------------------


def of_many(client, action, *assets, **fields):
    chosen = {"action": action, "_selected_action": [asset.pk for asset in assets]}
    return client.post(ASSETS, chosen | fields, follow=True)


def test_a_term_is_added_to_all_that_are_selected(curator_client, barn):
    other, _ = make_asset(title="other"), make_asset(title="left")
    page = of_many(curator_client, "add_term", barn, other)
    assert "Add a term of use: 2 assets" in text(page) and not Term.objects.exists()
    page = of_many(curator_client, "add_term", barn, other, say="1", **DENIAL)
    assert "2 assets: May not be used." in text(page)
    assert {term.asset for term in Term.objects.all()} == {barn, other}
    assert [a.title for a in Asset.objects.visible_to(make_user("viewer"))] == ["left"]


def test_a_bad_term_of_many_is_said_and_none_is_added(curator_client, barn):
    page = of_many(curator_client, "add_term", barn, say="1", **DENIAL | {"reason": ""})
    assert "Say why it may not be used." in text(page) and not Term.objects.exists()


def test_of_a_filtered_list_all_are_changed_and_no_others(curator_client, barn):
    make_asset(title="shed")
    chosen = {"action": "add_term", "_selected_action": [barn.pk], "select_across": "1", "say": "1"}
    curator_client.post(f"{ASSETS}?q=barn", chosen | DENIAL)
    assert [term.asset for term in Term.objects.all()] == [barn]


def test_what_is_filled_in_is_said_of_all_and_the_rest_stays(curator_client, barn):
    other = make_asset(title="other")
    Rights.objects.create(asset=barn, creator="Ada", credit="Old")
    page = of_many(curator_client, "set_rights", barn, other, say="1")
    assert "Fill in what is to be said of all of them." in text(page)
    licence = Licence.objects.get(code="cc-by-4.0")
    fields = {"licence": licence.pk, "credit": "Agency"}
    of_many(curator_client, "set_rights", barn, other, say="1", **fields)
    said = {r.asset: (r.licence, r.creator, r.credit) for r in Rights.objects.all()}
    assert said == {barn: (licence, "Ada", "Agency"), other: (licence, "", "Agency")}


def test_many_assets_of_others_are_left_as_they_are(curator_client, barn, settings):
    settings.LIBRARY_OPEN = False
    of_many(curator_client, "add_term", barn, say="1", **DENIAL)
    of_many(curator_client, "set_rights", barn, say="1", credit="Mine")
    assert not Term.objects.exists() and not Rights.objects.exists()


# Licences and documents --------------------------------------------------------------------------


def test_a_licence_that_pictures_have_is_not_deleted(curator_client, barn):
    licence = Licence.objects.get(code="cc-by-4.0")
    Rights.objects.create(asset=barn, licence=licence)
    delete = reverse("admin:search_licence_delete", args=[licence.pk])
    assert "1 picture has it: give them another first." in text(curator_client.get(delete))
    curator_client.post(delete, {"post": "yes"})
    assert Licence.objects.filter(pk=licence.pk).exists()


def test_a_house_has_licences_of_its_own(curator_client):
    fields = {"name": "House licence", "code": "house-1"}
    assert curator_client.post(reverse("admin:search_licence_add"), fields).status_code == 302
    page = curator_client.post(reverse("admin:search_licence_add"), {"name": "x", "code": "a b"})
    assert "Letters, digits, dots and hyphens" in text(page)


def test_a_document_is_for_curators_who_may_edit_what_it_is_about(
    curator_client, reader_client, barn, settings
):
    settings.LIBRARY_OPEN = False
    press = Collection.objects.create(name="press", slug="press", is_open=False)
    press.assets.add(barn)
    add(curator_client, uploader=make_user("curator").pk, upload=SimpleUploadedFile("a.pdf", PDF))
    term = Term.objects.get()
    address = reverse("document", args=[term.document.pk])
    page = curator_client.get(address)
    assert b"".join(page) == PDF and page["X-Content-Type-Options"] == "nosniff"
    assert page["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert reader_client.get(address).status_code == 403
    Term.objects.update(uploader=None, collection=press)
    assert curator_client.get(address).status_code == 404
    Grant.objects.create(collection=press, person=make_user("curator"), level="contribute")
    assert curator_client.get(address).status_code == 200
