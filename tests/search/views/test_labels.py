"""Suggestions on an asset's page, in the filter and in the admin, and what curators say to them."""

import pytest
from django.test import Client
from django.urls import reverse

from search.library import label_suggestions
from search.models import AssetLabel, Label, LabelVector, Rejection
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db
LABELS = reverse("admin:search_label_changelist")
SUGGESTIONS = reverse("admin:search_assetlabel_changelist")


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    messages = []
    monkeypatch.setattr("search.admin.label.ring", messages.append)
    return messages


def suggest(asset, name, score=0.3):
    label, _ = Label.objects.get_or_create(name=name)
    AssetLabel.objects.create(asset=asset, label=label, source="encoder", score=score)
    return label


def text(response):
    return response.content.decode()


def say(client, asset, label, fits):
    return client.post(
        reverse("suggestion", args=[asset.pk]), {"label": label.pk, "fits": fits}, follow=True
    )


# The asset's page


def test_suggestions_stand_apart_from_what_people_say(reader_client):
    barn = make_asset(labels=("farm",))
    suggest(barn, "red")

    page = text(reader_client.get(barn.get_absolute_url()))

    assert page.index(">farm<") < page.index("Suggested by the encoder") < page.index(">red<")


def test_a_page_without_suggestions_does_not_mention_them(reader_client):
    page = text(reader_client.get(make_asset(labels=("farm",)).get_absolute_url()))

    assert "Suggested by the encoder" not in page


def test_what_a_person_gave_is_not_shown_as_a_suggestion(reader_client):
    barn = make_asset(labels=("red",))
    suggest(barn, "red")

    assert text(reader_client.get(barn.get_absolute_url())).count(">red<") == 1


def test_an_asset_shows_its_best_suggestions_alone(reader_client):
    barn = make_asset()
    for number in range(30):
        suggest(barn, f"label {number}", score=number / 100)

    page = text(reader_client.get(barn.get_absolute_url()))

    assert ">label 29<" in page and ">label 5<" not in page


def test_the_filter_finds_both_kinds(reader_client):
    suggest(make_asset(title="barn"), "red")
    make_asset(title="shed", labels=("red",))
    make_asset(title="sea")

    hits = reader_client.get("/", {"label": "red"}).context["answer"].hits

    assert {hit.asset.title for hit in hits} == {"barn", "shed"}


def test_staff_confirm_a_suggestion(staff_client):
    barn = make_asset()
    label = suggest(barn, "red")

    page = say(staff_client, barn, label, "yes")

    assert page.redirect_chain == [(f"{barn.get_absolute_url()}#suggestions", 302)]
    assert AssetLabel.objects.get().source == "person"


def test_staff_reject_a_suggestion(staff_client):
    barn = make_asset()
    label = suggest(barn, "red")

    say(staff_client, barn, label, "no")

    assert not AssetLabel.objects.exists()
    assert (Rejection.objects.get().asset, Rejection.objects.get().label) == (barn, label)


def test_saying_it_twice_changes_nothing(staff_client):
    barn = make_asset()
    label = suggest(barn, "red")

    for fits in ("no", "no", "yes", "yes"):
        assert say(staff_client, barn, label, fits).status_code == 200

    assert AssetLabel.objects.count() == 1 and not Rejection.objects.exists()


def test_only_staff_are_asked_and_heard(reader_client):
    barn = make_asset()
    label = suggest(barn, "red")

    assert (
        '<form method="post"'
        not in text(reader_client.get(barn.get_absolute_url()))
        .split("Suggested by")[1]
        .split("</div>")[0]
    )
    assert say(reader_client, barn, label, "yes").status_code == 403
    assert AssetLabel.objects.get().source == "encoder"


def test_a_foreign_site_says_nothing(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("curator", staff=True))
    barn = make_asset()
    label = suggest(barn, "red")

    assert say(client, barn, label, "no").status_code == 403
    assert AssetLabel.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"label": "", "fits": "yes"},
        {"label": "9" * 30, "fits": "yes"},
        {"label": "\0", "fits": "yes"},
        {"label": "{pk}", "fits": "perhaps"},
        {"label": "{pk}"},
    ],
)
def test_nonsense_is_refused_in_words(staff_client, fields):
    barn = make_asset()
    label = suggest(barn, "red")
    sent = {name: value.format(pk=label.pk) for name, value in fields.items()}

    response = staff_client.post(reverse("suggestion", args=[barn.pk]), sent)

    assert response.status_code == 400 and "That did not work" in text(response)
    assert AssetLabel.objects.get().source == "encoder"


# The admin


def edit(client, label, **changes):
    fields = {"name": "mug", "suggested": "on", "synonyms": "", "templates": "", "threshold": ""}
    return client.post(reverse("admin:search_label_change", args=[label.pk]), fields | changes)


def test_curators_keep_a_label(staff_client, rung, django_capture_on_commit_callbacks):
    label = Label.objects.create(name="mug")

    with django_capture_on_commit_callbacks(execute=True):
        edit(
            staff_client,
            label,
            synonyms="cup\r\n\r\n coffee cup \r\n",
            templates="a photo of a {}, a kind of dish\r\n{}",
            threshold="0.25",
        )

    label.refresh_from_db()
    assert label.synonyms == ["cup", "coffee cup"]
    assert label.templates == ["a photo of a {}, a kind of dish", "{}"]
    assert (label.suggested, label.threshold, rung) == (True, 0.25, ["query"])


def test_an_edited_label_comes_back_as_it_was(staff_client):
    label = Label.objects.create(name="mug", templates=["a {}, up close", "{}"])

    page = text(staff_client.get(reverse("admin:search_label_change", args=[label.pk])))

    assert "a {}, up close\n{}</textarea>" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "mu\0g"}, "Null characters are not allowed."),
        ({"name": "m" * 101}, "at most 100 characters"),
        ({"synonyms": "cup\r\nc\0p"}, "Line 2: Null characters are not allowed."),
        ({"synonyms": "c" * 101}, "Line 1: Ensure this value has at most 100 characters"),
        ({"templates": "a photo"}, "a photo&quot; has no {} for the label."),
        ({"templates": "\r\n".join(f"{n} {{}}" for n in range(501))}, "500 prompts"),
        ({"threshold": "1.5"}, "A threshold is a score: a number from -1 to 1."),
        ({"threshold": "nan"}, "Enter a number."),
        ({"threshold": "high"}, "Enter a number."),
    ],
)
def test_a_label_that_makes_no_sense_is_refused_in_words(staff_client, changes, sentence):
    label = Label.objects.create(name="mug")

    response = edit(staff_client, label, **changes)

    assert response.status_code == 200 and sentence in text(response)
    assert not Label.objects.get().suggested


def test_the_list_says_how_often_each_label_is_suggested_and_given(staff_client):
    suggest(make_asset(labels=("red",)), "red")
    suggest(make_asset(), "red")

    (label,) = staff_client.get(LABELS).context["cl"].result_list

    assert (label.suggestions, label.confirmed) == (2, 1)


def test_labels_are_taken_into_the_vocabulary_and_out_of_it(staff_client, rung):
    label, other = Label.objects.create(name="mug"), Label.objects.create(name="red")
    states = []
    for action in ("let_suggest", "stop_suggesting"):
        staff_client.post(LABELS, {"action": action, "_selected_action": [label.pk]})
        states.append(Label.objects.get(pk=label.pk).suggested)

    assert states == [True, False]
    assert not Label.objects.get(pk=other.pk).suggested


def test_a_label_s_page_says_what_thresholds_would_give(staff_client):
    encoder = make_encoder()
    for colour in ("red", "red", "blue"):
        make_asset(colour=colour, embedded=True)
    label = Label.objects.create(name="red", suggested=True, threshold=0.9)
    label_suggestions.store_vector(label, encoder, [0.7, -0.7, -0.7, 0.1])
    label_suggestions.suggest(label)

    page = text(staff_client.get(reverse("admin:search_label_change", args=[label.pk])))

    assert ": for 1</div>" in page and ": for 3</div>" in page
    assert "from 0.900" in page


@pytest.mark.parametrize(("action", "source"), [("confirm", "person"), ("reject", None)])
def test_suggestions_are_judged_in_the_list(staff_client, action, source):
    suggest(make_asset(), "red")
    suggest(make_asset(title="shed"), "red")
    chosen = AssetLabel.objects.get(asset__title="barn")

    staff_client.post(SUGGESTIONS, {"action": action, "_selected_action": [chosen.pk]})

    label_of_barn = AssetLabel.objects.filter(asset__title="barn").first()
    assert (label_of_barn.source if label_of_barn else None) == source
    assert AssetLabel.objects.get(asset__title="shed").source == "encoder"


def test_the_list_of_suggestions_holds_no_person_s_label(staff_client):
    suggest(make_asset(labels=("farm",)), "red")

    rows = staff_client.get(SUGGESTIONS).context["cl"].result_list

    assert [row.label.name for row in rows] == ["red"]


def test_a_label_is_deleted_with_all_that_hangs_from_it(staff_client):
    label = suggest(make_asset(), "red")

    staff_client.post(reverse("admin:search_label_delete", args=[label.pk]), {"post": "yes"})

    assert not Label.objects.exists() and not AssetLabel.objects.exists()


def edit_labels(client, asset, *rows, held=()):
    """Post the asset's form with these rows of its labels, the first of them `held` already."""
    fields = {"title": "barn", "description": ""}
    for name, (total, there) in {
        "asset_labels": (len(rows), len(held)),
        "Collection_assets": (0, 0),
        "rights": (0, 0),
        "terms": (0, 0),
    }.items():
        fields |= {f"{name}-TOTAL_FORMS": total, f"{name}-INITIAL_FORMS": there}
    for number, row in enumerate(rows):
        fields |= {f"asset_labels-{number}-{name}": value for name, value in row.items()}
        fields[f"asset_labels-{number}-asset"] = asset.pk
    return client.post(reverse("admin:search_asset_change", args=[asset.pk]), fields)


def test_a_label_given_in_the_admin_takes_the_suggestion_s_place(staff_client):
    barn = make_asset()
    label = suggest(barn, "red")

    assert edit_labels(staff_client, barn, {"label": label.pk}).status_code == 302

    assert AssetLabel.objects.get().source == "person"


def test_a_label_taken_away_in_the_admin_is_not_suggested_again(staff_client):
    barn = make_asset(labels=("red",))
    label_of_barn = AssetLabel.objects.get()

    row = {"id": label_of_barn.pk, "DELETE": "on"}
    assert edit_labels(staff_client, barn, row, held=[label_of_barn]).status_code == 302

    assert not AssetLabel.objects.exists() and Rejection.objects.get().label.name == "red"


def test_the_same_label_given_twice_is_no_error(staff_client):
    barn = make_asset(labels=("red",))
    label_of_barn = AssetLabel.objects.get()

    row, again = {"id": label_of_barn.pk}, {"label": label_of_barn.label.pk}
    assert edit_labels(staff_client, barn, row, again, held=[label_of_barn]).status_code == 302

    assert AssetLabel.objects.get() == label_of_barn


def test_the_asset_s_form_leaves_suggestions_alone(staff_client):
    barn = make_asset()
    suggest(barn, "red")
    page = text(staff_client.get(reverse("admin:search_asset_change", args=[barn.pk])))

    assert edit_labels(staff_client, barn).status_code == 302

    assert "red 0.300" in page
    assert AssetLabel.objects.get().source == "encoder"


def test_no_vector_is_made_in_the_web_process(staff_client):
    edit(staff_client, Label.objects.create(name="mug"))

    assert not LabelVector.objects.exists()
