"""Forms and lists of the admin: back to where one came from, one date format, true empty lists."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings as config
from django.urls import reverse

from search.models import Asset, AssetLabel, Label
from tests.support.factories import make_asset, make_encoder

pytestmark = pytest.mark.django_db
ASSETS = reverse("admin:search_asset_changelist")
ADDRESS = f"{ASSETS}?q=barn&p=1"
EMPTY = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
FORMSETS = {
    f"{prefix}-{key}": value
    for prefix in ("asset_labels", "Collection_assets", "rights", "terms")
    for key, value in EMPTY.items()
}


def text(response):
    return response.content.decode()


def form_of(asset):
    return reverse("admin:search_asset_change", args=[asset.pk])


def save(client, asset, query="", **fields):
    return client.post(form_of(asset) + query, {"title": asset.title} | FORMSETS | fields)


# Back


def next_of(response):
    return re.search('name="next" value="([^"]*)"', text(response))[1].replace("&amp;", "&")


def test_saving_leads_back_to_the_list_as_it_was(curator_client):
    asset = make_asset(title="barn")
    came_from = f"http://testserver{ADDRESS}"
    form = curator_client.get(form_of(asset), headers={"Referer": came_from})

    assert save(curator_client, asset, next=next_of(form)).url == came_from


def test_saving_leads_back_to_the_asset_s_page_which_says_so(curator_client):
    asset = make_asset(title="barn")
    page = asset.get_absolute_url()
    assert f'href="{form_of(asset)}?next={page}"' in text(curator_client.get(page))
    form = curator_client.get(f"{form_of(asset)}?next={page}")

    assert save(curator_client, asset, next=next_of(form)).url == page
    assert "was changed successfully" in text(curator_client.get(page))


def test_going_on_with_the_form_does_not_forget_it(curator_client):
    asset = make_asset(title="barn")
    page = asset.get_absolute_url()

    response = save(curator_client, asset, next=page, _continue="1")

    assert response.url == f"{form_of(asset)}?next={page.replace('/', '%2F')}"
    assert next_of(curator_client.get(response.url)) == page
    wrong = save(curator_client, asset, next=page, title="")
    assert next_of(wrong) == page


@pytest.mark.parametrize("next", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_saving_never_leads_elsewhere(curator_client, next):
    assert save(curator_client, make_asset(), next=next).url == ASSETS


@pytest.mark.parametrize("page", ["delete", "change", "history"])
def test_saving_never_leads_to_another_form_of_the_same(curator_client, page):
    asset = make_asset()
    url = reverse(f"admin:search_asset_{page}", args=[asset.pk])

    assert save(curator_client, asset, next=url).url == ASSETS
    assert save(curator_client, asset, next="/sign-in/?next=/").url == ASSETS


# When it was taken


def taken_by(asset):
    asset.refresh_from_db()
    return asset.taken, asset.taken_source


def test_a_date_that_a_person_enters_is_marked_as_theirs(curator_client, settings):
    settings.TIME_ZONE = "Asia/Tokyo"  # A camera's clock is no matter of the site's zone.
    asset = make_asset(taken=datetime(2024, 5, 3, 23, 30, tzinfo=UTC), taken_source="file")
    assert 'value="2024-05-03T23:30:00"' in text(curator_client.get(form_of(asset)))

    save(curator_client, asset, taken="2024-05-03T23:30:00")
    assert taken_by(asset) == (datetime(2024, 5, 3, 23, 30, tzinfo=UTC), "file")
    save(curator_client, asset, taken="1999-12-31T08:00")
    assert taken_by(asset) == (datetime(1999, 12, 31, 8, tzinfo=UTC), "person")
    save(curator_client, asset, taken="")
    assert taken_by(asset) == (None, "person")


@pytest.mark.parametrize("taken", ["soon", "1799-01-01T00:00", "2999-01-01T00:00", "a\0"])
def test_a_date_that_can_not_be_is_refused_in_words(curator_client, taken):
    asset = make_asset()
    response = save(curator_client, asset, taken=taken)

    assert response.status_code == 200
    assert "choose a day from 1826 on" in text(response) or "Enter a valid" in text(response)
    assert taken_by(asset) == (None, "")


def test_with_what_it_was_taken_is_shown(curator_client):
    asset = make_asset(camera={"lens": "RF 50mm", "model": "Canon EOS R5"})

    assert "Canon EOS R5, RF 50mm" in text(curator_client.get(form_of(asset)))


# Lists


def test_dates_are_written_as_on_the_site(curator_client):
    asset = make_asset()
    Asset.objects.update(created=datetime(2024, 5, 3, 14, 5, tzinfo=UTC))

    assert "3 May 2024, 14:05" in text(curator_client.get(ASSETS))
    assert "3 May 2024, 14:05" in text(curator_client.get(form_of(asset)))
    assert "3 May 2024, 14:05" in text(curator_client.get(asset.get_absolute_url()))


def test_the_link_of_a_thumbnail_says_what_it_shows(curator_client):
    asset = make_asset(title="barn", embedded=True)
    AssetLabel.objects.create(
        asset=asset, label=Label.objects.create(name="farm"), source="encoder", score=0.4
    )
    for model in ("asset", "assetlabel"):
        page = text(curator_client.get(reverse(f"admin:search_{model}_changelist")))
        (thumbnail,) = re.findall('<img class="thumbnail"[^>]*>', page)
        assert 'alt="barn"' in thumbnail
        assert re.search(f'<a href="[^"]*{asset.pk}/change/[^"]*"[^>]*>{thumbnail}</a>', page)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("embedding", "No embedding has failed."),
        ("rendition", "No rendition has failed."),
        ("asset", "The library holds no pictures yet."),
        ("assetlabel", "There are no suggestions to look at."),
    ],
)
def test_an_empty_list_says_why(curator_client, model, sentence):
    page = text(curator_client.get(reverse(f"admin:search_{model}_changelist")))

    assert sentence in page
    assert "Create a new item" not in page


def test_a_list_that_filters_leave_empty_says_so(curator_client):
    make_encoder()
    page = text(curator_client.get(ASSETS, {"q": "nowhere", "state": "failed"}))

    assert "Nothing here matches “nowhere” and these filters." in page
    assert "holds no pictures" not in page


def test_suggestions_are_called_so_and_a_no_is_no_red_cross(curator_client):
    Label.objects.create(name="farm"), Label.objects.create(name="sea", suggested=True)
    labels = text(curator_client.get(reverse("admin:search_label_changelist")))
    suggestions = text(curator_client.get(reverse("admin:search_assetlabel_changelist")))

    assert "close_small" not in labels
    assert labels.count('aria-label="No"') == labels.count('aria-label="Yes"') == 1
    assert "sset label" not in suggestions


def test_the_colours_are_those_of_the_pages(curator_client):
    tokens = (config.BASE_DIR / "search/static/search/tokens.css").read_text()
    greys = config.UNFOLD["COLORS"]["base"]

    for step in ("50", "100", "200", "400", "500", "600", "800", "900"):
        assert greys[step] in tokens
    page = text(curator_client.get(ASSETS))
    assert page.index("search/tokens.css") < page.index("search/admin.css")
    assert "search/admin_theme.js" in page
