"""What the pages say of terms and rights: to viewers in sentences, to curators with reasons."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from search.library.documents import keep_document
from search.models import Asset, Collection, Licence, Rights, Term
from tests.support.factories import make_asset
from tests.support.terms import day, deny

pytestmark = pytest.mark.django_db
PLAIN = "Not cleared for use"
REASON = "The agency withdrew it"


@pytest.fixture
def barn(fake_encoder):
    return make_asset(embedded=True, thumbnail=True)


def page(client, asset=None, name="asset") -> str:
    asset = asset or Asset.objects.get()
    return client.get(reverse(name, args=[asset.pk])).content.decode()


def test_viewers_see_what_is_refused_and_may_not_download_it(reader_client, barn):
    deny(barn, display="refused", reason=REASON)
    for text in (page(reader_client), page(reader_client, name="look")):
        assert PLAIN in text and REASON not in text
        assert reverse("original", args=[barn.pk]) not in text
    assert PLAIN in reader_client.get("/").content.decode()
    preview = reader_client.get(reverse("preview", args=[barn.pk]))
    original = reader_client.get(reverse("original", args=[barn.pk]))
    assert (preview.status_code, original.status_code) == (200, 403)
    assert "not cleared for use, so it can’t be downloaded" in original.content.decode()


def test_curators_see_why_and_download_it(curator_client, barn):
    document = keep_document(ContentFile(b"I agree.", "letter.txt"))
    deny(barn, reason=REASON, until=day("2999-05-01"), document=document)
    text = page(curator_client)
    for part in ("May not be used until 1 May 2999.", REASON, "Viewers do not see this picture."):
        assert part in text
    assert reverse("document", args=[document.pk]) in text
    assert curator_client.get(reverse("original", args=[barn.pk])).status_code == 200


def test_what_concerns_other_places_is_a_sentence_beside_the_download(reader_client, barn):
    deny(barn, scope="territory", territory="JP", reason=REASON)
    deny(barn, scope="print", since=day("2999-01-01"))
    Term.objects.create(asset=barn, kind="model", effect="allow", until=day("2999-01-01"))
    text = page(reader_client)
    assert "May not be used in Japan." in text and REASON not in text
    assert "in print" not in text and "Model release" not in text and PLAIN not in text
    assert reader_client.get(reverse("original", args=[barn.pk])).status_code == 200


def test_what_is_over_and_what_is_to_come_is_marked_for_curators(curator_client, barn):
    deny(barn, until=day("2020-01-01"))
    deny(barn, since=day("2999-01-01"))
    text = page(curator_client)
    assert "Over." in text and "Not yet." in text and PLAIN not in text


def test_a_term_says_through_what_it_concerns_an_asset(curator_client, barn, settings):
    for name, is_open in (("Press", True), ("Board", False)):
        collection = Collection.objects.create(name=name, slug=name, is_open=is_open)
        collection.assets.add(barn)
        deny(collection)
    deny(uploader=barn.owner)
    text = page(curator_client)
    assert "all in “Press”" in text and "all that its owner uploads" in text
    assert "all in one of its collections" in text and "Board" not in text


def test_whose_picture_it_is_stands_on_its_page(reader_client, barn):
    Rights.objects.create(
        asset=barn,
        licence=Licence.objects.get(code="cc-by-4.0"),
        creator="Ada <b>",
        credit="Photo: Ada",
        source="https://example.org/1",
        contact="desk@example.org",
    )
    text = page(reader_client)
    assert 'href="https://creativecommons.org/licenses/by/4.0/"' in text
    assert "Ada &lt;b&gt;" in text and "Photo: Ada" in text
    assert 'href="https://example.org/1"' in text and "desk@example.org" in text


def test_strangers_are_not_told_whom_to_ask(client, settings, barn):
    settings.PUBLIC_SEARCH = True
    Rights.objects.create(asset=barn, credit="Photo: Ada", contact="desk@example.org")
    text = page(client)
    assert "Photo: Ada" in text and "desk@example.org" not in text
