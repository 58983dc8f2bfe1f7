"""What a picture says beside its pixels reaches its owner and staff, and nobody else."""

import struct

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from search.library.ingest import ingest
from search.models import Asset, Rendition, SavedSearch
from tests.support import pictures
from tests.support.drawn import drawing
from tests.support.routes import Doors, routes
from workers.tasks import renditions

pytestmark = [pytest.mark.django_db, pytest.mark.promise("P6")]

SERIAL, LENS, PERSON, MAKER, NOTE, XMP, CITY, TEXT, TAIL = (
    f"{word}-471{number}".encode()
    for number, word in enumerate(
        ("serial", "lens", "person", "maker", "note", "xmp", "city", "text", "tail")
    )
)
# Seconds of the latitude, a fraction that no picture comes by otherwise, in both orders of bytes.
LATITUDE = [struct.pack(f"{order}II", 47_111, 1_009) for order in "<>"]
SCRIPT = "<script>alert(4711)</script>"
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="'
    f'{XMP.decode()}"/></rdf:RDF></x:xmpmeta>'
).encode()


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010F] = "Maker"
    made.get_ifd(0x8769).update(
        {0xA431: SERIAL.decode(), 0xA435: LENS.decode(), 0xA430: PERSON.decode()}
    )
    made.get_ifd(0x8769).update({0x927C: MAKER, 0x9286: b"ASCII\0\0\0" + NOTE})
    made.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 47_111 / 1_009)})
    return made


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg() -> bytes:
    record = b"\x1c\x02\x5a" + struct.pack(">H", len(CITY)) + CITY
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    data = pictures.saved(picture(), "JPEG", exif=exif(), xmp=PACKET, comment=TEXT)
    return data[:2] + segment(0xED, iptc) + data[2:] + TAIL


def png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", TEXT.decode())
    info.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    return pictures.saved(picture(), "PNG", exif=exif(), pnginfo=info) + TAIL


def picture() -> Image.Image:
    return drawing(1, size=(64, 48))


# Of a TIFF: what it shows, and the number of the camera.
TAGS = {270: TEXT.decode(), 50_735: SERIAL.decode()}
CAMERAS = [SERIAL, LENS, PERSON, MAKER, NOTE]
FILES = {
    "JPEG": (jpeg, [*CAMERAS, XMP, CITY, TEXT, TAIL]),
    "PNG": (png, [*CAMERAS, XMP, TEXT, TAIL]),
    "WebP": (lambda: pictures.saved(picture(), "WebP", exif=exif(), xmp=PACKET), [*CAMERAS, XMP]),
    "AVIF": (lambda: pictures.saved(picture(), "AVIF", exif=exif(), xmp=PACKET), [*CAMERAS, XMP]),
    "TIFF": (lambda: pictures.saved(picture(), "TIFF", tiffinfo=TAGS), [SERIAL, TEXT]),
    "GIF": (lambda: pictures.saved(picture(), "GIF", comment=TEXT), [TEXT]),
}


@pytest.fixture
def doors(settings, fake_encoder, monkeypatch):
    return Doors(settings)


def store(doors, data: bytes, name: str) -> Asset:
    """An asset of "owner" with its renditions, of which all routes then tell."""
    asset, _ = ingest(SimpleUploadedFile(name, data), owner=doors.people["owner"])
    while renditions.do():
        pass
    assert Rendition.objects.filter(asset=asset).done().count() == 2
    doors.rows["assets/<uuid:pk>"] = f"assets/{asset.pk}"
    return asset


def fetched(doors, role: str) -> dict[str, bytes]:
    """The bytes of everything that somebody may GET, by route; of the admin that is nothing."""
    # As routes.csv says.
    open_routes = [route for route in routes() if not route.startswith("admin/")]
    answers = {route: doors.ask(route, role) for route in (*open_routes, *SEARCHES)}
    return {
        route: b"".join(answer) for route, answer in answers.items() if answer.status_code == 200
    }


# Addresses of the search page that show the asset.
SEARCHES = ("?q=red", "?q=picture&everything=1", "completions/?q=pict", "?sort=newest")


def secrets_in(answers: dict[str, bytes], secrets: list[bytes]) -> set[tuple[str, bytes]]:
    return {(r, secret) for r, data in answers.items() for secret in secrets if secret in data}


@pytest.mark.parametrize("format", FILES)
def test_nothing_private_is_in_what_a_viewer_may_fetch(doors, format, figure):
    draw, secrets = FILES[format]
    data = draw()
    asset = store(doors, data, f"picture.{format.lower()}")
    secrets += [place for place in LATITUDE if place in data]

    for role in ("viewer", "public"):
        answers = fetched(doors, role)
        assert "assets/<uuid:pk>/preview/" in answers and "assets/<uuid:pk>/" in answers
        assert secrets_in(answers, secrets) == set()

    # The control: all of it is in the file, which its owner gets as it is.
    original = "assets/<uuid:pk>/original/"
    whole = b"".join(doors.ask(original, "owner"))
    assert whole == data
    assert secrets_in({original: whole}, secrets) == {(original, secret) for secret in secrets}
    figure("P6", f"{format}: {len(secrets)} private entries in none of {len(answers)} answers")
    assert asset.owner.username == "owner"


def test_no_name_becomes_a_script(doors):
    asset = store(doors, jpeg(), "picture.jpg")
    Asset.objects.filter(pk=asset.pk).update(
        title=SCRIPT, filename=f"{SCRIPT}.html", description=SCRIPT
    )
    SavedSearch.objects.update(name=SCRIPT, parameters={"q": [SCRIPT]}, shared=True)

    for role in ("viewer", "public"):
        answers = fetched(doors, role)
        named = [route for route, data in answers.items() if b"alert(4711)" in data]
        assert named
        assert secrets_in(answers, [SCRIPT.encode(), b"<script>alert"]) == set()
