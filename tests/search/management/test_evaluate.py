"""`manage.py evaluate` with an encoder that knows colours, and one that sees all as grey."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from search.evaluation import cost
from search.evaluation.captions import COCO, PICTURES
from search.models import Embedding, Encoder, Evaluation, JudgedQuery, Judgement
from tests.support import pictures
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.factories import picture as painted
from tests.support.fake_encoder import COLOURS, FakeEncoder
from workers.encoders.protocol import CheckpointError

pytestmark = pytest.mark.django_db
COLOURED = ("red", "green", "blue", "yellow")


class ColourBlind(FakeEncoder):
    """Maps every text and picture to the same vector."""

    def encode_texts(self, texts):
        return np.tile(np.float32([0, 0, 0, 1]), (len(texts), 1))

    encode_images = encode_texts


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """What the encoders load as, by their slugs."""
    encoders = {"fake": FakeEncoder(), "blind": ColourBlind()}
    monkeypatch.setattr(
        "search.management.commands.evaluate.encoder_of", lambda row: encoders[row.slug]
    )
    return encoders


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr(cost, "SAMPLES", 2)


def coloured():
    """An asset of each colour, titled and labelled with it."""
    return {c: make_asset(title=c, colour=c, embedded=True, labels=(c,)) for c in COLOURED}


@pytest.fixture
def library():
    return coloured()


@pytest.fixture
def blind():
    """A second encoder beside the one that knows colours, with vectors of a whole library."""
    make_encoder()
    row = make_encoder(slug="blind", revision="2", state=Encoder.State.READY)
    coloured()
    for promise in Embedding.objects.filter(encoder=row):
        assert promise.fulfil(vector=[0, 0, 0, 1])
    return row


def evaluate(capsys, *arguments):
    call_command("evaluate", "--json", *map(str, arguments))
    return json.loads(capsys.readouterr().out)


def result(report, task, dataset=None, language=""):
    (one,) = [
        result
        for result in report["results"]
        if (result["task"], result["language"]) == (task, language)
        and dataset in (None, result["dataset"])
    ]
    return one


def refusal(*arguments):
    with pytest.raises(CommandError) as refused:
        call_command("evaluate", *map(str, arguments))
    assert not Evaluation.objects.exists()
    return str(refused.value)


# The library itself


def test_titles_find_their_assets(library, capsys):
    report = evaluate(capsys)
    outcome = result(report, "words to pictures", "titles of the library")
    assert outcome["queries"] == 4
    assert outcome["figures"]["fake"]["R@1"] == [1, 1, 1]
    assert (
        result(report, "pictures to words", "titles of the library")["figures"]["fake"]["MRR"][0]
        == 1
    )


def test_assets_that_share_a_title_are_right_together(library, capsys):
    make_asset(title="red", colour="red", embedded=True, sha256="f" * 64)
    assert result(evaluate(capsys), "words to pictures", "titles of the library")["queries"] == 4


def test_a_description_asks_too(library, capsys):
    asset = library["red"]
    asset.description = "something red"
    asset.save()
    assert result(evaluate(capsys), "words to pictures", "titles of the library")["queries"] == 5


def test_of_a_large_library_always_the_same_assets_are_measured(library, capsys, monkeypatch):
    monkeypatch.setattr("search.evaluation.library.MOST", 2)
    call_command("evaluate", "--json")
    printed = capsys.readouterr()
    assert "The titles of the library are measured on 2 of 4 assets." in printed.err
    assert (
        result(json.loads(printed.out), "words to pictures", "titles of the library")["queries"]
        == 2
    )


def test_labels_of_people_find_their_assets_and_these_each_other(library, capsys):
    make_asset(title="rose", colour="red", embedded=True, labels=("red",))
    report = evaluate(capsys)
    outcome = result(report, "words to pictures", "labels of the library")
    assert (outcome["queries"], outcome["figures"]["fake"]["mAP"][0]) == (4, 1)
    assert result(report, "pictures to pictures")["figures"]["fake"]["R@1"][0] == 1
    assert result(report, "pictures to pictures")["queries"] == 2


def test_labels_of_encoders_are_no_answers(capsys):
    asset = make_asset(title="red", embedded=True, labels=("red",))
    asset.asset_labels.update(source="encoder")
    datasets = {outcome["dataset"] for outcome in evaluate(capsys)["results"]}
    assert "labels of the library" not in datasets


def judge(query, asset, *grades):
    for number, grade in enumerate(grades):
        person = make_user(f"person {number}")
        Judgement.objects.create(query=query, asset=asset, grade=grade, person=person)


def test_judgements_of_the_compare_page_count_by_majority(library, capsys):
    words = JudgedQuery.objects.create(words="red", key="a")
    judge(words, library["red"], 1, 1, 0)
    judge(words, library["blue"], 1, 0, 0)
    judge(words, library["green"], 1, 0)
    outcome = result(evaluate(capsys), "words to pictures", "judgements of the compare page")
    assert (outcome["queries"], outcome["figures"]["fake"]["mAP"][0]) == (1, 1)


def test_judged_assets_and_pictures_ask_for_pictures(library, capsys):
    rose = make_asset(title="rose", colour="red", embedded=True)
    of_asset = JudgedQuery.objects.create(asset=library["red"], key="b")
    judge(of_asset, rose, 1)
    uploaded = JudgedQuery(key="c")
    uploaded.picture.save("q.png", pictures.upload(pictures.png(colour=COLOURS["blue"])))
    judge(uploaded, library["blue"], 1)
    outcome = result(evaluate(capsys), "pictures to pictures", "judgements of the compare page")
    assert (outcome["queries"], outcome["figures"]["fake"]["R@1"][0]) == (2, 1)


def test_judgements_that_nothing_fits_are_left_out_with_a_sentence(library, capsys):
    judge(JudgedQuery.objects.create(words="red", key="a"), library["red"], 0)
    call_command("evaluate", "--json")
    printed = capsys.readouterr()
    assert "No hit of the judgements of the compare page is said to fit" in printed.err
    assert "judgements of the compare page" not in printed.out


def test_a_library_without_embedded_assets_is_one_sentence():
    make_encoder()
    make_asset()
    assert refusal() == "No asset of the library has been embedded by fake yet."


def test_without_an_encoder_there_is_one_sentence(settings):
    settings.EMBEDDED_DATABASE = False  # There, the bundled one would be made to serve.
    assert refusal().startswith("No encoder is ready or serves")


def test_an_unknown_encoder_is_one_sentence(library):
    assert refusal("--encoder", "nobody") == "There is no encoder nobody; there are: fake."


def test_a_checkpoint_that_cannot_be_loaded_is_one_sentence(library, monkeypatch):
    def refuse(row):
        raise CheckpointError("text", text="The weights are cut short.")

    monkeypatch.setattr("search.management.commands.evaluate.encoder_of", refuse)
    assert refusal() == "The weights are cut short."


# Encoders side by side


def test_encoders_are_compared_on_the_same_queries(blind, capsys):
    outcome = result(evaluate(capsys), "words to pictures", "titles of the library")
    assert list(outcome["figures"]) == ["blind", "fake"]
    assert outcome["figures"]["blind"]["R@1"] == [0, 0, 0]
    (difference,) = outcome["differences"]
    assert difference["encoders"] == ["blind", "fake"]
    assert difference["p"]["R@1"] == pytest.approx(1 / 8, abs=0.02)  # 4 of 4: 2 in 16 by chance.


def test_only_the_named_encoders_are_measured(blind, capsys):
    assert list(evaluate(capsys, "--encoder", "fake")["encoders"]) == ["fake"]


def test_assets_that_one_encoder_has_not_embedded_are_left_out_for_all(blind, capsys):
    Embedding.objects.filter(asset__title="red", encoder=blind).reset()
    assert result(evaluate(capsys), "words to pictures", "titles of the library")["queries"] == 3


def test_each_measurement_is_stored(blind, capsys):
    report = evaluate(capsys)
    row = Evaluation.objects.get(
        encoder=blind, dataset="titles of the library", task="words to pictures"
    )
    assert str(row.run) == report["run"]
    assert (row.queries, row.figures["R@1"]) == (4, [0, 0, 0])
    assert 0 < row.differences["fake"]["R@1"] < 1


def test_index_time_and_size_are_measured(library, capsys):
    report = evaluate(capsys)
    index = result(report, "index")["figures"]["fake"]
    assert index == {"recall@10 of words": [1, 1, 1], "recall@10 of pictures": [1, 1, 1]}
    costs = result(report, "cost")["figures"]["fake"]
    assert costs["bytes a vector"][0] == 16
    assert 0 < costs["text ms, median"][0] <= costs["text ms, p95"][0]
    assert 0 < costs["picture ms, median"][0] <= costs["picture ms, p95"][0]


def test_the_tables_show_percent_and_intervals(blind, capsys):
    call_command("evaluate")
    printed = capsys.readouterr().out
    assert "titles of the library: words to pictures, 4 queries" in printed
    assert "p, blind : fake" in printed
    assert "100.0" in printed


# Judgements in a file


@pytest.mark.parametrize("name", ["judged.csv", "judged.jsonl"])
def test_judgements_in_a_file_name_assets_by_id_or_file_name(library, capsys, tmp_path, name):
    rows = [("red", library["red"].pk, 1), ("red", "blue.png", 0), ("blue", "blue.png", "2")]
    keys = ("query", "asset", "grade")
    if name.endswith("csv"):
        lines = [",".join(keys), *(f"{q},{a},{g}" for q, a, g in rows)]
    else:
        lines = [json.dumps(dict(zip(keys, map(str, row), strict=True))) for row in rows]
    (tmp_path / name).write_text("\n".join(lines))
    outcome = result(evaluate(capsys, "--judgements", tmp_path / name), "words to pictures")
    assert outcome["dataset"] == f"judgements in {name}"
    assert (outcome["queries"], outcome["figures"]["fake"]["R@1"][0]) == (2, 1)


def test_bad_lines_are_told_with_their_numbers(library, tmp_path):
    file = tmp_path / "judged.csv"
    make_asset(title="blue", colour="blue", embedded=True)
    bad = ["red,nowhere.png,1", ",red.png,1", "red,red.png,good", "red,blue.png,1", "red,red.png,1"]
    file.write_text("\n".join(["query,asset,grade", *bad]))
    assert refusal("--judgements", file).splitlines() == [
        "judged.csv, line 2: the library has no asset 'nowhere.png'.",
        "judged.csv, line 3: there is no query.",
        "judged.csv, line 4: a grade is a whole number from 0 to 100, not 'good'.",
        "judged.csv, line 5: 2 assets are called 'blue.png': name one by its id.",
    ]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "query,asset\n", "a.csv has no column grade"),
        ("a.csv", "", "a.csv has no column query"),
        ("a.csv", "query,asset,grade\n", "a.csv holds no judgements."),
        ("a.csv", "query,asset,grade\nred\n", "a.csv, line 2: there is no asset."),
        ("a.csv", "query,asset,grade\nred,red.png,0\n", "No hit of the judgements in a.csv"),
        ("a.jsonl", "{", "a.jsonl, line 1: this is no JSON object."),
        ("a.jsonl", "[1]", "a.jsonl, line 1: this is no JSON object."),
        ("a.jsonl", '{"query": 1, "asset": 2, "grade": 3}', "a.jsonl, line 1: there is no query."),
    ],
)
def test_a_bad_file_of_judgements_is_one_sentence(library, tmp_path, name, text, sentence):
    (tmp_path / name).write_text(text)
    assert refusal("--judgements", tmp_path / name).startswith(sentence)


def test_a_file_of_judgements_that_is_no_text_is_one_sentence(library, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    assert refusal("--judgements", tmp_path / "a.csv") == "a.csv is no text in UTF-8."


def test_a_file_that_is_not_there_is_one_sentence(library, tmp_path):
    assert refusal("--judgements", tmp_path / "a.csv").endswith("a.csv: No such file or directory.")


# Folders of captioned pictures


def paint(folder, *colours):
    folder.mkdir(parents=True, exist_ok=True)
    for colour in colours:
        painted(colour).save(folder / f"{colour}.png")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def coco(folder, colours=COLOURED):
    paint(folder / "val2017", *colours)
    captions = [(n, text) for n, c in enumerate(colours) for text in (c, f"a {c} thing")]
    write(
        folder / "annotations" / "captions_val2017.json",
        {
            "images": [{"id": n, "file_name": f"{c}.png"} for n, c in enumerate(colours)],
            "annotations": [{"image_id": n, "caption": f"{text} "} for n, text in captions],
        },
    )
    return folder


def test_coco_asks_by_every_caption(capsys, tmp_path):
    make_encoder()
    report = evaluate(capsys, "--captions", coco(tmp_path))
    there, back = result(report, "words to pictures"), result(report, "pictures to words")
    assert there["dataset"] == "COCO val2017, 4 pictures"
    assert (there["queries"], back["queries"]) == (8, 4)
    assert there["figures"]["fake"]["R@1"][0] == back["figures"]["fake"]["R@1"][0] == 1


def test_flickr_is_measured_on_its_test_split(capsys, tmp_path):
    make_encoder()
    paint(tmp_path / "images", "red", "blue")
    splits = [("red", "test"), ("blue", "test"), ("green", "train")]
    images = [
        {"filename": f"{c}.png", "split": split, "sentences": [{"raw": c}, {"raw": f"so {c}"}]}
        for c, split in splits
    ]
    write(tmp_path / "dataset_flickr30k.json", {"images": images})
    outcome = result(evaluate(capsys, "--captions", tmp_path), "words to pictures")
    assert outcome["dataset"] == "Flickr30k test (Karpathy), 2 pictures"
    assert (outcome["queries"], outcome["figures"]["fake"]["R@1"][0]) == (4, 1)


def crossmodal(folder):
    """In English the fake knows both colours, in German neither."""
    paint(folder / "images", "red", "blue")
    german = {"red": "rot", "blue": "blau"}
    lines = [
        {"image/key": c, "image/locale": "en", "en": {"caption": [c]}, "de": {"caption": [d, d]}}
        for c, d in german.items()
    ]
    write(folder / "captions.jsonl", "\n".join(map(json.dumps, lines)))
    return folder


def test_crossmodal_is_measured_by_language_and_each_counts_the_same(capsys, tmp_path):
    make_encoder()
    report = evaluate(capsys, "--captions", crossmodal(tmp_path))
    english, german, both = (
        result(report, "words to pictures", language=language) for language in ("en", "de", "")
    )
    assert both["dataset"] == "Crossmodal-3600, 2 pictures"
    assert [outcome["queries"] for outcome in (english, german, both)] == [2, 4, 6]
    means = [outcome["figures"]["fake"]["MRR"][0] for outcome in (english, german, both)]
    assert means[0] == 1 and means[1] < 1
    assert means[2] == pytest.approx((means[0] + means[1]) / 2)


def test_the_tables_show_one_figure_of_each_language(capsys, tmp_path):
    make_encoder()
    call_command("evaluate", "--captions", str(crossmodal(tmp_path)))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["R@1", "fake"] in rows and ["en", "100.0"] in rows


def test_the_published_figure_stands_beside_the_measured_one(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(PICTURES, COCO, 4)
    make_encoder(checkpoint="google/siglip2-base-patch16-224")
    report = evaluate(capsys, "--captions", coco(tmp_path))
    assert result(report, "words to pictures")["published"]["fake"]["R@1"] == 0.521
    call_command("evaluate", "--captions", str(tmp_path))
    assert "fake: R@1 100.0 measured, 52.1 published (arXiv:2502.14786, Table 1)" in (
        capsys.readouterr().out
    )


def test_a_part_of_coco_has_no_published_figure(capsys, tmp_path):
    make_encoder(checkpoint="google/siglip2-base-patch16-224")
    report = evaluate(capsys, "--captions", coco(tmp_path))
    assert result(report, "words to pictures")["published"] == {}


def test_folders_need_no_library(capsys, tmp_path):
    make_encoder()
    tasks = {
        outcome["task"] for outcome in evaluate(capsys, "--captions", coco(tmp_path))["results"]
    }
    assert tasks == {"words to pictures", "pictures to words", "cost"}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("other.txt", "", "holds none of captions_val2017.json (COCO)"),
        ("captions_val2017.json", "{", "captions_val2017.json is damaged"),
        ("captions_val2017.json", [], "captions_val2017.json is damaged"),
        ("captions_val2017.json", {"images": []}, "captions_val2017.json is damaged"),
        (
            "captions_val2017.json",
            {"images": [], "annotations": []},
            "captions_val2017.json holds no captions.",
        ),
        (
            "captions_val2017.json",
            {
                "images": [{"id": 1, "file_name": "gone.jpg"}],
                "annotations": [{"image_id": 1, "caption": "red"}],
            },
            "lacks 1 of the 1 pictures that captions_val2017.json names, gone.jpg among them.",
        ),
        ("captions.jsonl", '{"image/key": "red"', "captions.jsonl is damaged"),
        ("dataset_flickr30k.json", {"images": [{}]}, "dataset_flickr30k.json is damaged"),
    ],
)
def test_a_bad_folder_of_captions_is_one_sentence(tmp_path, name, content, sentence):
    make_encoder()
    write(tmp_path / name, content)
    assert sentence in refusal("--captions", tmp_path)


def test_two_sets_in_one_folder_are_one_sentence(tmp_path):
    make_encoder()
    write(tmp_path / "captions_val2014.json", {})
    write(tmp_path / "captions_val2017.json", {})
    assert "holds several sets: captions_val2014.json, captions_val2017.json" in refusal(
        "--captions", tmp_path
    )


def test_a_picture_that_cannot_be_read_is_one_sentence(tmp_path):
    make_encoder()
    coco(tmp_path)
    (tmp_path / "val2017" / "blue.png").write_bytes(b"just words")
    assert refusal("--captions", tmp_path) == "blue.png: This is text, not a picture."


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    make_encoder()
    assert refusal("--captions", tmp_path / "no") == f"There is no folder {tmp_path / 'no'}."
    assert refusal("--classes", tmp_path / "no") == f"There is no folder {tmp_path / 'no'}."


# Zero-shot


def test_a_folder_of_class_folders_is_classified(capsys, tmp_path):
    make_encoder()
    for colour in COLOURED:
        paint(tmp_path / "hues" / colour, colour)
    (tmp_path / "hues" / "empty").mkdir()
    outcome = result(evaluate(capsys, "--classes", tmp_path / "hues"), "zero-shot")
    assert (outcome["dataset"], outcome["queries"]) == ("classes of hues", 4)
    assert outcome["figures"]["fake"] == {"top-1": [1, 1, 1], "top-5": [1, 1, 1]}


def test_a_class_is_the_mean_of_its_prompts(capsys, tmp_path, loaded, monkeypatch):
    make_encoder()
    texts_encoded = []
    for colour in ("red", "blue"):
        paint(tmp_path / f"{colour}_things", colour)
    encode = loaded["fake"].encode_texts
    monkeypatch.setattr(
        loaded["fake"], "encode_texts", lambda texts: texts_encoded.extend(texts) or encode(texts)
    )
    arguments = ("--template", "a {}", "--template", "{} !")
    outcome = result(evaluate(capsys, "--classes", tmp_path, *arguments), "zero-shot")
    assert texts_encoded[:4] == ["a blue things", "blue things !", "a red things", "red things !"]
    assert outcome["figures"]["fake"]["top-1"][0] == 1


def test_one_class_is_one_sentence(tmp_path):
    make_encoder()
    paint(tmp_path / "red", "red")
    assert "needs at least 2 folders with pictures" in refusal("--classes", tmp_path)


def test_a_template_without_a_place_for_the_class_is_one_sentence(tmp_path):
    make_encoder()
    assert refusal("--classes", tmp_path, "--template", "a photo") == (
        "The template 'a photo' has no {} where the class would stand."
    )
