"""Files of a hostile corpus by every way in: the same verdict, in the same words."""

import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from search.formats import sandbox
from search.management.commands.search import token_of
from search.models import Asset
from tests.support import pictures
from tests.support.corpus import representatives
from tests.support.factories import make_encoder

pytestmark = [pytest.mark.django_db, pytest.mark.promise("P4")]
ACCEPTED = ""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    drawn = [draw() for draw in representatives(40).values()]
    return {f"{number}.jpg": data for number, data in enumerate(drawn)}


@pytest.fixture
def here(monkeypatch):
    """Files are read in this process: a new one for each would take 75 ms.

    An encoder serves, which the command would load otherwise.
    """
    make_encoder()

    def run(work, file, *args):
        file.seek(0)
        return work(io.BytesIO(file.read()), *args)

    monkeypatch.setattr(sandbox, "run", run)


def folder_of(tmp_path, files) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def uploaded(client, files) -> dict[str, str]:
    sent = [SimpleUploadedFile(name, data) for name, data in files.items()]
    response = client.post(reverse("upload"), {"files": sent})
    assert response.status_code < 500
    return {row.filename: row.refusal for row in response.context["rows"]}


def searched_by(client, files) -> dict[str, str]:
    return {name: answer(client, name, data) for name, data in files.items()}


def answer(client, name: str, data: bytes) -> str:
    picture = SimpleUploadedFile(name, data)
    response = client.post(reverse("query_pictures"), {"picture": picture})
    assert response.status_code in (302, 400, 413, 415)
    return ACCEPTED if response.status_code == 302 else response.context["refusal"]


def ingested(folder: Path, capsys) -> dict[str, str]:
    with suppress(SystemExit):
        call_command("ingest", str(folder), "--json")
    outcome = json.loads(capsys.readouterr().out)
    verdicts = {Path(row["file"]).name: row["reason"] for row in outcome["refused"]}
    taken = [*outcome["stored"], *outcome["skipped"]]
    return verdicts | {Path(row["file"]).name: ACCEPTED for row in taken}


def answer_of_command(folder: Path) -> dict[str, str]:
    return {path.name: refusal_of(path) for path in folder.iterdir()}


def refusal_of(path: Path) -> str:
    try:
        token_of(path)
    except CommandError as error:
        return str(error).removeprefix(f"{path}: ")
    return ACCEPTED


def test_all_entries_say_the_same(here, staff_client, files, tmp_path, capsys, figure):
    folder = folder_of(tmp_path, files)

    by_upload = uploaded(staff_client, files)
    others = {
        "query picture": searched_by(staff_client, files),
        "folder": ingested(folder, capsys),
        "search command": answer_of_command(folder),
    }

    assert by_upload.keys() == files.keys()
    for entry, verdicts in others.items():
        assert verdicts == by_upload, entry
    accepted = [name for name, sentence in by_upload.items() if sentence == ACCEPTED]
    assert 10 < len(accepted) < 30 and Asset.objects.count() == len(accepted)
    figure("P4", f"{len(files)} files by {1 + len(others)} entries: the same verdicts")


@pytest.fixture
def small_limit(settings):
    settings.MAX_UPLOAD_MB = 0.0001


def test_a_file_of_too_many_bytes_is_refused_at_all_entries(
    here, staff_client, small_limit, tmp_path, capsys
):
    files = {"a.png": pictures.png((90, 90), pnginfo=pictures.comment("a" * 500))}
    folder = folder_of(tmp_path, files)

    sentence = uploaded(staff_client, files)["a.png"]

    assert sentence.startswith("This file has 0.0 MB; 0.0001 MB are allowed.")
    assert searched_by(staff_client, files) == {"a.png": sentence}
    assert ingested(folder, capsys) == {"a.png": sentence}
    assert answer_of_command(folder) == {"a.png": sentence}


def test_control_an_entry_without_the_one_examination_differs(
    here, staff_client, files, monkeypatch
):
    by_upload = uploaded(staff_client, files)
    monkeypatch.setattr("search.query.pictures.decode.shrink", lambda file, side: b"")

    assert searched_by(staff_client, files) != by_upload
