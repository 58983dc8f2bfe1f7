"""Does every page answer whatever stands in its address?

    .venv/bin/python -m bench.fuzz [--queries 5000] [--seed 0]

A small library of its own, with the colour-knowing encoder of the tests, in an embedded PostgreSQL
that is removed again. Every parameter of a query gets values that can be read, and others. Fails on
a wrong answer. Takes 3 minutes.
"""

import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from PIL import Image

from bench.support import library, parser_of, record

ALLOWED = {200, 302, 400, 404}
PAGES = ("/", "/", "/", "/compare/", "/completions/", "/saved/")
POSTS = ("/query-pictures/", "/saved/")
FIRST, UNSEEN = "00000000-0000-4000-8000-{:012}", "99999999-0000-4000-8000-000000000000"
ASSETS = [FIRST.format(number) for number in range(1, 9)]
FORGED = "0123456789abcdef" * 2
COLOURS = ("red", "green", "blue", "yellow", "white", "black")
LABELS = ("house", "old barn", "a:b", 'say "hi"', "ünïcode", "-minus")

# What is no text, number, date or name anywhere. Percent-encoded, as a browser never would.
RAW = [
    "%00", "%ED%A0%80", "%FF%FE", "%C3", "%", "%zz", "%u0041", "%0A%0D", "%E2%80%AE",
    "%F0%9F%A6%8A", "%25%30%30", "+", "&", "=", ";", "%26", "%EF%BF%BF",
]  # fmt: skip
HOSTILE = [
    "", " ", "nan", "NaN", "inf", "-inf", "1e400", "-1", "0", "99999999999999999999", "1.5", "0x10",
    "١٢٣", "²", "null", "None", "undefined", "true", "[]", "{}", "__all__", "../../etc/passwd",
    "%s", "' OR 1=1 --", "<script>alert(1)</script>", "\u202e\u0000", "a" * 10_000, "-x " * 50,
    '"' * 99, "-" * 500, ":" * 99, "label:" * 50, "\ud7ff\ue000", "1,1,1,1", "0,0,1,1",
    "9999-12-31", "0000", "\U0010ffff", "\t\r\n\v\f\x1c\x85\u2028", "*", "@",
    "@*@*", "(((", "\\", "!&|<->:*",
]  # fmt: skip


class Request(NamedTuple):
    """A request: its path, its query string, and whether that is sent as a form."""

    path: str
    query: str
    posted: bool

    @property
    def picture(self) -> bytes:
        """A picture to search by; of every third one nothing can be read."""
        data = io.BytesIO()
        Image.new("RGB", (20, 20), COLOURS[len(self.query) % len(COLOURS)]).save(data, "PNG")
        return data.getvalue()[: None if len(self.query) % 3 else 40]


def requests(number: int, seed: int) -> Iterator[Request]:
    """So many random requests, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311
    for _ in range(number):
        parts = [part for _ in range(rng.choice((1, 2, 3, 5, 8))) for part in parameters(rng)]
        rng.shuffle(parts)
        posted = rng.random() < 0.15
        yield Request(rng.choice(POSTS if posted else PAGES), "&".join(parts), posted)


def parameters(rng: random.Random) -> Sequence[str]:
    """A parameter, once or many times, as it stands in an address."""
    name = rng.choice([*READABLE, *STRANGE])
    times = rng.choices((1, 2, 25, 60), (85, 11, 2, 2))[0]
    return [f"{name}={value(name, rng)}" for _ in range(times)]


def value(name: str, rng: random.Random) -> str:
    lot = rng.random()
    if lot < 0.8 and name in READABLE:
        return quote_plus(READABLE[name](rng))
    if lot < 0.85:
        return rng.choice(RAW)
    if lot < 0.9:
        return quote_plus(noise(rng))
    if lot < 0.95:
        return quote_plus(rng.choice(list(READABLE.values()))(rng))
    return quote_plus(str(rng.choice(HOSTILE)))


def noise(rng: random.Random) -> str:
    points = (rng.choice((rng.randrange(1, 128), rng.randrange(0xE000))) for _ in range(20))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def box(rng: random.Random) -> str:
    parts = [
        lambda: rng.choice(COLOURS),
        lambda: f"-{rng.choice(COLOURS)}",
        lambda: f'"{rng.choice(COLOURS)} barn"',
        lambda: f'{rng.choice(list(READABLE))}:"{rng.choice(LABELS)}"',
        lambda: f"-label:{rng.choice(LABELS)}",
        lambda: f"before:{date(rng)}",
        lambda: str(rng.choice(HOSTILE)),
        lambda: noise(rng),
    ]
    return " ".join(rng.choice(parts)() for _ in range(rng.randrange(1, 6)))


def example(rng: random.Random) -> str:
    text = rng.choice([*ASSETS, *ASSETS, UNSEEN, FORGED, noise(rng)])
    if rng.random() < 0.3:
        text += f"@{region(rng)}"
    return text + (f"*{number(rng)}" if rng.random() < 0.3 else "")


def region(rng: random.Random) -> str:
    sides = [rng.choice((0, 0.1, 0.25, 0.5, 1, rng.random(), number(rng))) for _ in range(4)]
    return ",".join(map(str, sides[: rng.choice((4, 4, 4, 4, 3, 0))]))


def number(rng: random.Random) -> str:
    return rng.choice(("0", "0.5", "1", "2", "-1", "nan", "inf", "1e9", "1e-9", "x", "0.1", "10"))


def date(rng: random.Random) -> str:
    year = rng.choice((0, 1, 999, 1970, 2024, 2026, 9999, 10_000))
    return rng.choice((f"{year:04}", f"{year:04}-{rng.randrange(14):02}", f"{year:04}-2-30"))


def one_of(*values: str) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(values)


# What each parameter of a query can be given; some of it contradicts the rest.
READABLE: dict[str, Callable[[random.Random], str]] = {
    "q": box,
    "like": example,
    "unlike": example,
    "balance": number,
    "sort": one_of("relevance", "newest", "oldest", "taken", "largest", "smallest", "name"),
    "everything": one_of("1", "0"),
    "diversity": one_of("1", "0"),
    "duplicates": one_of("1", "0"),
    "page": one_of("1", "2", "3", "11", "10000", "10001"),
    "region_of": example,
    **dict.fromkeys(("left", "top", "width", "height"), one_of("0", "10", "50", "100", "101")),
    **dict.fromkeys(("label", "not_label"), one_of(*LABELS, "nosuch")),
    "collection": one_of("water", "Water", "nosuch"),
    "format": one_of("PNG", "jpeg", "PDF"),
    "colour": one_of(*COLOURS, "mauve"),
    "orientation": one_of("landscape", "portrait", "square", "panorama"),
    "size": one_of("small", "medium", "large"),
    "owner": one_of("owner", "OWNER", "nobody"),
    "state": one_of("searchable", "waiting", "failed"),
    "year": date,
    **dict.fromkeys(("after", "before", "taken_after", "taken_before"), date),
    **dict.fromkeys(("added_after", "added_before", "new_since"), date),
    "encoder": one_of("fake", "nosuch"),
    "name": one_of("mine", "red"),
    "shared": one_of("on", ""),
}
STRANGE = ("", "nosuch", "label[]", "q[0]", "Q", "__proto__", "%00", "%FF", "a" * 300, "like.x")


def ask(client: Any, request: Request) -> Any:
    """The response to a request."""
    if not request.posted:
        return client.get(f"{request.path}?{request.query}")
    fields = QueryDict(request.query)
    data: dict[str, Any] = {name: fields.getlist(name) for name in fields if name.isprintable()}
    # What a browser sends with it: a name for what is saved, a picture to search by.
    data["name"] = str(len(request.query))
    if len(request.query) % 4:
        data["picture"] = [SimpleUploadedFile("a.png", request.picture)]
    return client.post(request.path, data)


def complaint(response: Any) -> str:
    """What is wrong with a response; nothing if it is as it should be."""
    if response.status_code not in ALLOWED:
        return f"{response.status_code}"
    if response.status_code in (400, 404) and b"." not in response.content:
        return f"{response.status_code} without a sentence"
    return ""


def furnish() -> Any:
    """Fill a library with what the requests name; the client of a member of staff."""
    from django.core.files.base import ContentFile
    from django.test import Client

    from search.models import Asset
    from tests.support.factories import make_asset, make_user

    for pk, colour, label in zip(ASSETS, COLOURS * 2, LABELS * 2, strict=False):
        make_asset(
            pk=pk, title=f"{colour} barn", colour=colour, embedded=True, thumbnail=True,
            labels=(label,), collection="water", description=label,
        )  # fmt: skip
    Asset.objects.get(pk=ASSETS[-1]).original.save("broken", ContentFile(b"no picture"))
    make_asset(title="waiting")
    client = Client(raise_request_exception=False)
    client.force_login(make_user("curator", staff=True))
    return client


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--queries", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with record("fuzz"):
        with library():
            statuses, wrong = ask_all(requests(options.queries, options.seed))
        print_table(statuses)
        print("\n".join(wrong) or "All answered as they should.")
    sys.exit(bool(wrong))


def ask_all(several: Iterator[Request]) -> tuple[Counter, list[str]]:
    """How often each page answered with each status, and what is wrong with answers."""
    client, statuses, wrong = prepare(), Counter(), []
    for request in several:
        response = ask(client, request)
        method = "POST" if request.posted else "GET"
        statuses[f"{method} {request.path}", response.status_code] += 1
        if sentence := complaint(response):
            wrong.append(f"{sentence}: {request.path}?{request.query[:500]}")
    return statuses, wrong


def prepare() -> Any:
    from django.conf import settings

    from tests.support.fake_encoder import FakeEncoder
    from workers import encoder_cache

    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    encoder = FakeEncoder()
    encoder_cache.load_encoder = lambda *args, **kwargs: encoder
    return furnish()


def print_table(statuses: Counter) -> None:
    columns = sorted({status for _, status in statuses})
    print(f"{'':22}" + "".join(f"{status:>8}" for status in columns))
    for row in sorted({row for row, _ in statuses}):
        print(f"{row:22}" + "".join(f"{statuses[row, status]:>8}" for status in columns))


if __name__ == "__main__":
    main()
