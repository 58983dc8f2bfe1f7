import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from search.admin import asset as asset_admin
from search.models import Asset, AssetLabel, Collection, Embedding, Rendition, User
from search.query import facets
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db
ASSETS = reverse("admin:search_asset_changelist")


@pytest.fixture
def superuser_client():
    client = Client()
    client.force_login(make_user("root", staff=True))
    return client


def run(client, url, action, *rows, **fields):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(url, chosen | fields, follow=True)


def fail(promises, reason):
    promises.update(vector=None, fulfilled=None, error=reason)


@pytest.mark.parametrize(
    "model", ["asset", "collection", "label", "encoder", "embedding", "rendition"]
)
def test_a_curator_opens_each_list(curator_client, model):
    make_asset(embedded=True, thumbnail=True, labels=("fruit",), collection="market")

    assert curator_client.get(reverse(f"admin:search_{model}_changelist")).status_code == 200


@pytest.mark.parametrize(("asked", "offers"), [({}, False), ({"q": "barn"}, True)])
def test_a_list_offers_to_show_all_where_it_leaves_rows_out(curator_client, asked, offers):
    make_asset(title="red barn")

    page = curator_client.get(ASSETS, asked).content.decode()

    assert ("Show all" in page) == offers


@pytest.mark.parametrize(("model", "has_slugs"), [("asset", False), ("collection", True)])
def test_scripts_for_slugs_come_where_there_are_slugs(curator_client, model, has_slugs):
    page = curator_client.get(reverse(f"admin:search_{model}_changelist")).text

    assert ("xregexp" in page) is has_slugs
    assert "admin/js/actions.js" in page


def test_a_suggestion_without_a_score_is_listed(curator_client):
    make_asset(labels=("farm",))
    AssetLabel.objects.update(source=AssetLabel.Source.ENCODER, score=None)
    assert "farm" in curator_client.get(reverse("admin:search_assetlabel_changelist")).text


def test_accounts_are_for_superusers(curator_client, superuser_client):
    users = reverse("admin:search_user_changelist")

    assert curator_client.get(users).status_code == 403
    assert superuser_client.get(users).status_code == 200


def test_assets_show_their_thumbnail_first(curator_client):
    asset = make_asset(title="barn")

    page = curator_client.get(ASSETS).content.decode()

    assert page.index(reverse("thumbnail", args=[asset.pk])) < page.index(">barn<")


def test_the_number_of_queries_does_not_grow_with_the_assets(
    curator_client, django_assert_max_num_queries
):
    make_encoder()
    for number in range(50):
        make_asset(title=f"barn {number}", embedded=True, collection=f"{number % 5}")

    with django_assert_max_num_queries(20):
        assert curator_client.get(ASSETS).content.decode().count("/thumbnail/") == 50


def test_the_list_reads_no_vector(curator_client, django_assert_max_num_queries):
    make_asset(embedded=True)

    with django_assert_max_num_queries(20) as queries:
        curator_client.get(ASSETS)

    assert not [q for q in queries if '"search_embedding"."vector"' in q["sql"]]


@pytest.mark.parametrize("words", ["old barn", "BAR", "farm", "sunny", "market"])
def test_assets_are_searched_by_their_words(curator_client, words):
    make_asset(title="Old barn", description="Sunny.", labels=("farm",), collection="market")
    make_asset(title="boat")

    page = curator_client.get(ASSETS, {"q": words}).text

    assert "Old barn" in page and "boat" not in page


def test_a_search_of_assets_looks_at_no_text(curator_client):
    with CaptureQueriesContext(connection) as queries:
        curator_client.get(ASSETS, {"q": "barn"})

    assert not any("LIKE" in query["sql"] for query in queries)


@pytest.mark.parametrize("state", ["waiting", "searchable", "failed"])
def test_assets_are_filtered_by_state(curator_client, state):
    make_encoder()
    make_asset(title="waiting")
    make_asset(title="searchable", embedded=True)
    fail(Embedding.objects.filter(asset=make_asset(title="failed")), "Broken.")

    page = curator_client.get(ASSETS, {"state": state})

    assert [asset.title for asset in page.context["cl"].result_list] == [state]


@pytest.mark.parametrize("lookup", ["collections", "asset_labels__label", "owner"])
def test_assets_are_filtered_by_what_they_belong_to(curator_client, lookup):
    asset = make_asset(owner=make_user("mo"), labels=("fruit",), collection="market")
    make_asset(title="other", labels=("sea",), collection="harbour")
    (key,) = Asset.objects.filter(pk=asset.pk).values_list(lookup, flat=True)

    page = curator_client.get(ASSETS, {f"{lookup}__id__exact": key})

    assert list(page.context["cl"].result_list) == [asset]


def test_assets_are_filtered_by_format(curator_client):
    asset, other = make_asset(), make_asset(title="other")
    Asset.objects.filter(pk=other.pk).update(format="GIF")

    page = curator_client.get(ASSETS, {"format": "PNG"})

    assert list(page.context["cl"].result_list) == [asset]


def test_a_filter_by_format_reads_no_asset(curator_client):
    with CaptureQueriesContext(connection) as queries:
        curator_client.get(ASSETS)
    assert not [query for query in queries if "DISTINCT" in query["sql"]]


@pytest.mark.parametrize(
    ("assets", "text"), [(2, " 2 "), (3, " about 1,200,000 ")], ids=["few", "many"]
)
def test_a_list_counts_few_assets_and_says_about_how_many_there_are(
    curator_client, monkeypatch, assets, text
):
    monkeypatch.setattr(asset_admin, "EXACT", 2)
    monkeypatch.setattr(facets, "count", lambda assets: (1_200_000, True))
    for number in range(assets):
        make_asset(title=f"{number}")

    page = curator_client.get(ASSETS)

    assert f"{text}assets" in " ".join(page.text.split())


def test_embed_again_promises_the_vector_anew(curator_client, fake_encoder, monkeypatch):
    rung = []
    monkeypatch.setattr("search.admin.asset.ring", lambda: rung.append(True))
    asset, other = make_asset(embedded=True), make_asset(embedded=True)

    run(curator_client, ASSETS, "embed_again", asset)

    assert [e.asset for e in Embedding.objects.waiting()] == [asset]
    assert Embedding.objects.get(asset=other).state == "done"


def test_looking_again_forgets_what_was_seen(curator_client, monkeypatch):
    monkeypatch.setattr("search.admin.asset.ring", lambda: None)
    asset, _ = make_asset(phash="01" * 32), make_asset(phash="01" * 32)

    run(curator_client, ASSETS, "look_again", asset)

    assert list(Asset.objects.filter(phash=None)) == [asset]


def test_assets_are_added_to_a_collection(curator_client):
    asset = make_asset()
    market = Collection.objects.create(name="Market", slug="market")

    run(curator_client, ASSETS, "add_to_collection", asset, collection=market.pk)

    assert list(market.assets.all()) == [asset]


def test_adding_to_no_collection_says_so(curator_client):
    answer = run(curator_client, ASSETS, "add_to_collection", make_asset(), collection="")

    assert "Choose a collection" in answer.content.decode()


def test_assets_are_not_added_here(curator_client):
    assert curator_client.get(reverse("admin:search_asset_add")).status_code == 403


def test_deleting_an_asset_for_good_removes_its_files(
    curator_client, settings, tmp_path, django_capture_on_commit_callbacks
):
    asset = make_asset(embedded=True, thumbnail=True)

    run(curator_client, ASSETS, "delete_selected", asset, post="yes")
    trash = reverse("admin:search_trashedasset_changelist")
    with django_capture_on_commit_callbacks(execute=True):
        run(curator_client, trash, "delete_selected", asset, post="yes")

    assert not Asset.everything.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_title_and_description_are_edited(curator_client):
    asset = make_asset(title="barn", labels=("fruit",), collection="market")
    page = reverse("admin:search_asset_change", args=[asset.pk])
    assert curator_client.get(page).status_code == 200
    empty = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
    prefixes = ("asset_labels", "Collection_assets", "rights", "terms")
    formsets = {f"{p}-{key}": value for p in prefixes for key, value in empty.items()}

    curator_client.post(page, {"title": "red barn", "description": "In May."} | formsets)

    asset.refresh_from_db()
    assert (asset.title, asset.description) == ("red barn", "In May.")


@pytest.mark.parametrize("model", [Embedding, Rendition])
def test_failed_promises_show_their_reason_and_are_retried(curator_client, model, monkeypatch):
    make_encoder()
    failed = model.objects.filter(asset=make_asset())
    failed.update(error="This is not a picture.")
    page = reverse(f"admin:search_{model._meta.model_name}_changelist")
    monkeypatch.setattr("search.admin.promise.ring", lambda: None)
    assert "This is not a picture." in curator_client.get(page).content.decode()

    run(curator_client, page, "retry", *failed)

    assert not model.objects.failed().exists()


def test_encoders_show_how_far_they_are(curator_client):
    make_encoder()
    make_asset()
    make_asset(embedded=True)

    (encoder,) = (
        curator_client.get(reverse("admin:search_encoder_changelist")).context["cl"].result_list
    )

    assert (encoder.searchable, encoder.waiting, encoder.failed) == (1, 1, 0)


@pytest.mark.parametrize(
    ("model", "field", "text"),
    [("collection_assets", "asset", "barn"), ("assetlabel", "label", "bark")],
)
def test_assets_and_labels_are_chosen_by_search(curator_client, model, field, text):
    make_asset(title="barn", labels=("bark", "sea"))
    source = {"app_label": "search", "model_name": model, "field_name": field}

    answer = curator_client.get(reverse("admin:autocomplete"), source | {"term": "bar"})

    assert [choice["text"] for choice in answer.json()["results"]] == [text]


def test_a_user_is_added(superuser_client):
    superuser_client.post(
        reverse("admin:search_user_add"),
        {"username": "mo", "password1": "correct horse", "password2": "correct horse"}
        | {"usable_password": "true"},
    )

    assert User.objects.get(username="mo").check_password("correct horse")


def test_the_admin_signs_in_at_the_site_s_page(client):
    answer = client.get(ASSETS, follow=True)

    assert answer.redirect_chain[-1][0] == f"{reverse('sign_in')}?next={ASSETS}"


def test_who_is_not_staff_is_refused(reader_client):
    assert reader_client.get(ASSETS, follow=True).status_code == 403


def test_the_policy_allows_unfold_and_no_foreign_host(curator_client):
    policy = curator_client.get(ASSETS)["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval';" in policy + ";"
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "http" not in policy and "*" not in policy
