"""Copies for others: the same pixels, nothing private, and whose picture it is."""

import io
import struct
import zlib

import pytest
from PIL import ExifTags, Image, ImageCms, ImageDraw, ImageSequence
from PIL.PngImagePlugin import PngInfo

from search.formats import credit
from search.formats.public_copy import copy, public_parts, size_of
from search.formats.sniff import UndecodableImage
from tests.support.pictures import png_chunk, saved, upload

SECRET = "SECRET-48.8584N"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ARTIST, RIGHTS = "Ana Maria Example", "(c) 2024 Ana, no training of models"
XMP = f"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="{ARTIST}"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="{SECRET}"
 exif:GPSLatitude="{SECRET}"><dc:rights><rdf:Alt><rdf:li
 xml:lang="x-default">{RIGHTS}</rdf:li></rdf:Alt></dc:rights><dc:subject>{SECRET}</dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()
IPTC = b"".join(
    b"\x1c" + struct.pack(">BBH", 2, number, len(text)) + text.encode()
    for number, text in ((80, ARTIST), (90, SECRET), (116, RIGHTS))
)


def exif(turned=6):
    fields = Image.Exif()
    fields[ExifTags.Base.Orientation] = turned
    fields[ExifTags.Base.Artist] = ARTIST
    fields[ExifTags.Base.Copyright] = RIGHTS
    fields[ExifTags.Base.Model] = SECRET
    fields.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.BodySerialNumber] = SECRET
    fields.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = SECRET.encode()
    fields.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = SECRET
    return fields


def drawn(mode="RGB"):
    image = Image.new("RGB", (80, 60), "white")
    ImageDraw.Draw(image).ellipse((10, 10, 60, 50), fill="red")
    return image.convert(mode)


def jpeg(**options):
    data = saved(drawn(), "JPEG", exif=exif(), icc_profile=PROFILE, comment=SECRET, **options)
    record = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(IPTC)) + IPTC + b"\0" * (len(IPTC) % 2)
    segments = b""
    for code, body in (
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        (0xED, b"Photoshop 3.0\0" + record),
        (0xE2, b"MPF\0" + SECRET.encode()),
        (0xEF, SECRET.encode()),
    ):
        segments += struct.pack(">BBH", 0xFF, code, len(body) + 2) + body
    return data[:2] + segments + data[2:] + SECRET.encode() + data


def png():
    texts = PngInfo()
    texts.add_text("Comment", SECRET)
    texts.add_text("Location", SECRET, zip=True)
    texts.add_text("Copyright", RIGHTS)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    data = saved(drawn("RGBA"), "PNG", exif=exif(), icc_profile=PROFILE, pnginfo=texts)
    hidden = png_chunk(b"prVt", SECRET.encode())
    return data[:-12] + hidden + data[-12:] + SECRET.encode()


def webp(**options):
    data = saved(drawn(), "WebP", exif=exif(), xmp=XMP, icc_profile=PROFILE, **options)
    return data + SECRET.encode()


def gif():
    frames = [drawn("P"), Image.new("P", (80, 60), 3)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=SECRET, loop=0)
    return data + SECRET.encode()


FILES = {
    "JPEG": [jpeg(), jpeg(progressive=True), jpeg(optimize=True, subsampling=0)],
    "PNG": [png()],
    "WebP": [webp(), webp(lossless=True)],
    "GIF": [gif()],
    "BMP": [saved(drawn(), "BMP") + SECRET.encode()],
}
CASES = [(name, data) for name, files in FILES.items() for data in files]


def public(data, name):
    with upload(data) as file:
        parts = public_parts(file, name)
        result = b"".join(copy(file, parts))
    assert len(result) == size_of(parts)
    return result


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]


def texts(data):
    """All that a file says, unpacked too."""
    unpacked = b""
    for at in range(len(data)):
        if data[at : at + 1] == b"\x78":
            try:
                unpacked += zlib.decompressobj().decompress(data[at:])
            except zlib.error:
                continue
    return data + unpacked


@pytest.mark.parametrize(("name", "data"), CASES)
def test_it_has_the_same_pixels(name, data):
    assert pixels(public(data, name)) == pixels(data)


@pytest.mark.parametrize(("name", "data"), CASES)
def test_nothing_private_is_in_it(name, data):
    assert SECRET.encode() in texts(data)  # The original does say it.

    copied = public(data, name)

    assert SECRET.encode() not in texts(copied)
    with Image.open(io.BytesIO(copied)) as image:
        assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert not image.getexif().get_ifd(ExifTags.IFD.Exif)


@pytest.mark.parametrize(("name", "data"), [c for c in CASES if c[0] not in ("GIF", "BMP")])
def test_colours_orientation_credit_and_rights_stay(name, data):
    with Image.open(io.BytesIO(public(data, name))) as image:
        fields = image.getexif()
        assert fields[ExifTags.Base.Orientation] == 6
        assert (fields[ExifTags.Base.Artist], fields[ExifTags.Base.Copyright]) == (ARTIST, RIGHTS)
        assert image.info["icc_profile"] == PROFILE
        packet = image.info.get("xmp") or image.info["XML:com.adobe.xmp"]
    packet = packet if isinstance(packet, str) else packet.decode()
    assert RIGHTS in packet and ARTIST in packet


def test_a_pngs_own_words_of_rights_stay():
    with Image.open(io.BytesIO(public(png(), "PNG"))) as image:
        assert image.text["Copyright"] == RIGHTS


def test_iptc_says_by_whom_and_no_more():
    copied = public(jpeg(), "JPEG")
    with Image.open(io.BytesIO(copied)) as image:
        record = image.info["photoshop"][0x0404]

    assert ARTIST.encode() in record and RIGHTS.encode() in record


def test_a_plain_picture_is_the_same_file():
    data = saved(drawn(), "PNG")

    assert public(data, "PNG") == data


def test_an_animation_plays_as_often():
    with Image.open(io.BytesIO(public(gif(), "GIF"))) as image:
        assert (image.n_frames, image.info["loop"]) == (2, 0)


@pytest.mark.parametrize("name", ["TIFF", "AVIF"])
def test_of_some_formats_there_is_none(name):
    with (
        upload(saved(drawn(), name)) as file,
        pytest.raises(UndecodableImage, match=f"{name} picture is only for its owner"),
    ):
        public_parts(file, name)


@pytest.mark.parametrize(("name", "data"), CASES)
@pytest.mark.parametrize("part", [3, 40, 0.3, 0.7])
def test_a_file_that_is_cut_off_gives_no_more_than_it_has(name, data, part):
    cut = data[: part if part >= 1 else int(part * data.index(SECRET.encode()) or len(data))]
    try:
        assert SECRET.encode() not in texts(public(cut, name))
    except UndecodableImage as refusal:
        assert "damaged" in str(refusal)


HOSTILE = [
    b"",
    b"II",
    b"XX*\0\x08\0\0\0",
    b"II*\0\xff\xff\xff\xff",
    b"II*\0\x08\0\0\0\xff\xff",
    b"II*\0\x08\0\0\0\x01\0\x3b\x01\x02\0\xff\xff\xff\x7f\0\0\0\0",
]


@pytest.mark.parametrize("block", HOSTILE)
def test_exif_that_can_not_be_read_says_nothing(block):
    assert credit.exif(block) == b""


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<x",
        b"\xff\xfe",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + XMP,
        XMP + b" " * credit.LONGEST,
        b"<a/>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
    ],
)
def test_xmp_that_can_not_be_read_says_nothing(packet):
    assert credit.xmp(packet) == b""


@pytest.mark.parametrize("rest", [b"", b"\x04\x04\0\0\0", b"\x04\x04\0\0\0\0\0\x05\x1c\x02"])
def test_iptc_that_can_not_be_read_says_nothing(rest):
    assert credit.iptc(b"8BIM" + rest) == b""
