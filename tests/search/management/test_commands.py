"""The commands ingest, search and encode, without a demo: everything in this process."""

import json

import pytest
from django.core.management import CommandError, call_command

from search.models import Asset, Collection, Embedding
from tests.support.factories import make_asset, make_encoder, make_user, picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def encoder(fake_encoder):
    return make_encoder()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    picture("red").save(folder / "red.png")
    picture("blue").save(folder / "deeper" / "blue.png")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def run(capsys, *arguments, **options):
    """What a command printed: (stdout, stderr, exit code)."""
    code = 0
    try:
        call_command(*arguments, **options)
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    return printed.out, printed.err, code


def test_ingest_stores_folders_and_embeds_them(encoder, folder, capsys):
    out, _, code = run(capsys, "ingest", folder, wait=True)
    assert (out.strip(), code) == ("2 stored, 0 skipped, 0 refused", 0)
    assert Embedding.objects.filter(fulfilled__isnull=False).count() == 2


def test_ingest_run_again_skips_what_is_there(encoder, folder, capsys):
    run(capsys, "ingest", folder)
    out, _, _ = run(capsys, "ingest", folder)
    assert out.strip() == "0 stored, 2 skipped, 0 refused"


def test_ingest_says_what_others_have_already_and_keeps_it_where_told(encoder, folder, capsys):
    run(capsys, "ingest", folder, owner=make_user("ana").username)
    bo = make_user("bo").username
    out, err, code = run(capsys, "ingest", folder, owner=bo)
    assert (out.strip(), code) == ("0 stored, 2 skipped, 0 refused", 0)
    assert "2 of the skipped are in the library already, from ana; --own-copies" in err

    out, err, _ = run(capsys, "ingest", folder, "--own-copies", owner=bo)
    assert out.strip() == "2 stored, 0 skipped, 0 refused"
    assert "own-copies" not in err


def test_ingest_goes_on_past_bad_files_and_names_them_at_the_end(encoder, folder, capsys):
    (folder / "bad.jpg").write_bytes(b"only text")
    out, err, code = run(capsys, "ingest", folder)
    assert (out.strip(), code) == ("2 stored, 0 skipped, 1 refused", 1)
    assert "bad.jpg: " in err


def test_ingest_passes_over_what_systems_put_beside_pictures(encoder, folder, capsys):
    for name in (
        *("@eaDir/red.png/SYNOPHOTO_THUMB_M.png", "#recycle/old.png", "a/@Recycle/old.png"),
        *("$RECYCLE.BIN/x.png", "__MACOSX/._red.png", ".thumbs/a.png", "a/.hidden/b/c.png"),
        *("lost+found/x.png", "Thumbs.db", "desktop.ini", "#snapshot/day/red.png"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture("green").save(folder / name, "PNG")
    out, _, code = run(capsys, "ingest", folder)
    assert (out.strip(), code) == ("2 stored, 0 skipped, 0 refused", 0)


def test_control_ingest_stores_what_is_only_called_alike(encoder, folder, capsys):
    (folder / "recycle").mkdir()
    picture("green").save(folder / "recycle" / "eaDir.png")
    out, _, _ = run(capsys, "ingest", folder)
    assert out.strip() == "3 stored, 0 skipped, 0 refused"


@pytest.mark.parametrize("pattern", ["drafts", "DRAFTS", "drafts/", "b*.png", "deeper/drafts/*"])
def test_ingest_passes_over_what_is_excluded(encoder, folder, capsys, pattern):
    (folder / "deeper" / "blue.png").unlink()
    (folder / "deeper" / "drafts").mkdir()
    picture("blue").save(folder / "deeper" / "drafts" / "blue.png")
    out, _, code = run(capsys, "ingest", folder, exclude=[pattern])
    assert (out.strip(), code) == ("1 stored, 0 skipped, 0 refused", 0)


def test_ingest_counts_sidecars_and_refuses_none(encoder, folder, capsys):
    for name in ("red.xmp", "red.png.xmp", "red.AAE", "red.png.json"):
        (folder / name).write_text("about red")
    out, err, code = run(capsys, "ingest", folder)
    assert (out.strip(), code) == ("2 stored, 0 skipped, 0 refused, 4 sidecars", 0)
    assert "red." not in err


def test_a_sidecar_that_is_named_by_itself_is_refused(encoder, folder, capsys):
    (folder / "red.xmp").write_text("about red")
    out, err, code = run(capsys, "ingest", folder / "red.xmp")
    assert (out.strip(), code) == ("0 stored, 0 skipped, 1 refused", 1)
    assert "red.xmp: " in err


def test_ingest_prints_its_outcome_as_json(encoder, folder, capsys):
    out, _, _ = run(capsys, "ingest", folder, "--json")
    assert len(json.loads(out)["stored"]) == 2


def test_ingest_puts_assets_into_a_collection_of_an_owner(encoder, folder, capsys):
    make_user("anna")
    run(capsys, "ingest", folder, owner="anna", collection="spring-shoot")
    assert Collection.objects.get().assets.count() == 2
    assert {asset.owner.username for asset in Asset.objects.all()} == {"anna"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"owner": "nobody"}, "There is no account named nobody."),
        ({"collection": "Not A Slug"}, "is no slug"),
    ],
)
def test_ingest_refuses_names_it_does_not_know(encoder, folder, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("ingest", folder, **options)


def test_ingest_says_when_a_path_is_missing(encoder):
    with pytest.raises(CommandError, match="There is no file or folder"):
        call_command("ingest", "/nowhere")


@pytest.fixture
def library(encoder):
    for colour in ("red", "blue"):
        make_asset(title=colour, colour=colour, embedded=True)


def titles_of(capsys, *arguments) -> list[str]:
    out, _, _ = run(capsys, "search", *arguments, "--json")
    return [hit["title"] for hit in json.loads(out)["hits"]]


def test_search_by_words(library, capsys):
    assert titles_of(capsys, "blue") == ["blue", "red"]


def test_search_by_a_picture(library, capsys, folder):
    assert titles_of(capsys, "--image", str(folder / "red.png")) == ["red", "blue"]


def test_search_by_an_asset_leaves_it_out(library, capsys):
    assert titles_of(capsys, "--like", str(Asset.objects.get(title="red").pk)) == ["blue"]


def test_search_limits_its_hits(library, capsys):
    assert titles_of(capsys, "blue", "--limit", "1") == ["blue"]


def test_search_prints_scores_and_titles(library, capsys):
    out, _, _ = run(capsys, "search", "blue")
    assert out.splitlines()[0].endswith("  blue")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--like", "12"),
        ("--like", "00000000-0000-0000-0000-000000000000"),
        ("--image", "/nowhere.png"),
        ("x", "--limit", "0"),
    ],
)
def test_search_refuses_with_a_sentence(library, arguments):
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("search", *arguments)


def test_encode_prints_vectors_in_order(encoder, capsys, folder):
    out, _, _ = run(capsys, "encode", text=["red", "blue"], image=[folder / "red.png"])
    vectors = json.loads(out)
    assert len(vectors["texts"]) == 2
    assert vectors["texts"][0][0] > vectors["texts"][1][0]
    assert len(vectors["images"][0]) == vectors["dimensions"]


def test_encode_wants_something_to_encode(encoder):
    with pytest.raises(CommandError, match="at least one"):
        call_command("encode")


def test_encode_names_a_checkpoint_it_can_not_load(encoder, tmp_path):
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("encode", text=["red"], checkpoint=str(tmp_path))
