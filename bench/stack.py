"""All of Sightline on a folder and a port of its own, as a demo runs it, with any checkpoint."""

import http.client
import io
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote_plus

from bench.support import say

READY_SECONDS = 300
WORDS = ("red", "blue", "car", "mug", "house", "tree", "snow", "street", "lamp", "dog", "harbour")


class Stack:
    """PostgreSQL, Redis, the site and its workers; use it by `stack()`."""

    def __init__(self, supervisor: Any, var: Path) -> None:
        self.supervisor, self.var = supervisor, var
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.commands = demo().processes(f"127.0.0.1:{self.port}")
        self.leaders: dict[str, int] = {}

    def start(self, *names: str) -> None:
        for name in names:
            child = self.supervisor.start(name, self.commands[name])
            self.leaders[name] = child.process.pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """To a process and all that it has started."""
        os.killpg(self.leaders[name], number)

    def await_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while demo().status(f"http://127.0.0.1:{self.port}/readyz") != "200":
            if time.monotonic() > until:
                raise SystemExit(f"Not ready: see {self.var / 'logs'}")
            self.supervisor.pause()

    def memory(self, name: str) -> list[tuple[float, float, float]]:
        """Of a process and its descendants in MB: resident, its share of that, and it alone."""
        leader = import_module("psutil").Process(self.leaders[name])
        each = [
            process.memory_full_info() for process in (leader, *leader.children(recursive=True))
        ]
        return [(info.rss / 1e6, info.pss / 1e6, info.uss / 1e6) for info in each]

    def browser(self) -> "Browser":
        """One who has signed in as the owner of the library."""
        return Browser(self.port)


class Browser:
    """Requests with the cookie of somebody who has signed in."""

    def __init__(self, port: int) -> None:
        from django.test import Client

        from search.models import User

        client = Client()
        client.force_login(User.objects.get(username="owner"))
        self._headers = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def search(self, text: str) -> str:
        """The page of hits."""
        self._connection.request("GET", f"/?q={quote_plus(text)}", headers=self._headers)
        response = self._connection.getresponse()
        page = response.read().decode()
        self._connection.close()  # The site closes it after five seconds of silence.
        if response.status != 200:
            raise SystemExit(f"{text}: {response.status}")
        return page


def demo() -> Any:
    """Imported late: it reads the settings."""
    return import_module("search.management.commands.demo")


@contextmanager
def stack(checkpoint: Path, names: Sequence[str] = ("web", "query")) -> Iterator[Stack]:
    """The servers and these processes, with a checkpoint that serves and an empty library."""
    with tempfile.TemporaryDirectory(prefix="sl-bench-", ignore_cleanup_errors=True) as name:
        var = Path(name).resolve()
        for variable in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(variable, None)
        os.environ |= {
            "VAR_DIR": str(var),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENCODER_CHECKPOINT": str(checkpoint),
        }
        embedded = import_module("config.embedded")
        embedded.start_database(var)
        try:
            with import_module("config.supervisor").Supervisor(var) as supervisor:
                yield _furnished(supervisor, var, names)
        finally:
            import_module("django.db").connection.close()
            embedded.stop_database(var)


def _furnished(supervisor: Any, var: Path, names: Sequence[str]) -> Stack:
    embedded = import_module("config.embedded")
    supervisor.start("redis", embedded.redis_command(var), stops_last=True)
    while not embedded.redis_url(var):
        supervisor.pause(0.05)
    import_module("django").setup()
    call = import_module("django.core.management").call_command
    call("migrate", verbosity=0)
    call("collectstatic", interactive=False, verbosity=0)
    import_module("search.models").User.objects.create(username="owner", role="administrator")
    say("adding the encoder")
    supervisor.finish(supervisor.start_step("encoder", "encoder", "serve"))
    made = Stack(supervisor, var)
    made.start(*names)
    made.await_ready()
    return made


def new_words() -> Iterator[str]:
    random = Random(1)  # noqa: S311
    for number in count():
        yield f"{' '.join(random.choices(WORDS, k=5))} {number}"


def wait(pictures: int) -> None:
    """Store pictures that no worker has looked at yet."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from search.formats.facts import inspect_own
    from search.library.ingest import ingest
    from search.models import User

    owner, random = User.objects.get(username="owner"), Random(2)  # noqa: S311
    for number in range(pictures):
        data = picture(random)
        file = SimpleUploadedFile(f"{number}.jpg", data)
        ingest(file, owner=owner, facts=inspect_own(io.BytesIO(data)))


def picture(random: Random) -> bytes:
    """A JPEG as the web has them, 1024 x 768, some 150 kB."""
    from PIL import Image

    tiles = Image.frombytes("RGB", (64, 48), random.randbytes(64 * 48 * 3))
    file = io.BytesIO()
    tiles.resize((1024, 768), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
    return file.getvalue()


def still_waiting() -> int:
    from search.models import Embedding

    return Embedding.objects.of_serving().waiting().count()
