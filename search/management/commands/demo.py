import fcntl
import os
import secrets
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError
from tqdm import tqdm

from config import embedded, priority
from config.supervisor import Child, ChildDied, Supervisor, last_lines, rotate
from search.library import sample_catalogue
from search.management.idle_workers import IdleWorkers
from search.models import Asset, Embedding, Encoder, Rendition, User
from workers.turns import SERVING, turn

CURATOR = "curator"
# Seconds that the site may take to be ready at most.
READY_SECONDS = 90
# Processes that nobody waits for at the start: each takes a second of a core until it is up.
FOR_LATER = ["train", "beat"]
# Number of pictures that the page opens on at least: two rows of it.
FIRST_PICTURES = 12
# Seconds between two looks how far the catalogue is.
FILL_SECONDS = 0.5
# Maximum number of processes that draw the sample catalogue.
MAX_DRAWING = 4
# As low as the ingest worker: whoever searches meanwhile goes first, and neither starves the other.
DRAWING_NICE = 10


class Command(BaseCommand):
    help = "Run all of Sightline on this machine: its servers, its workers and the site."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS")
        parser.add_argument(
            "--pictures", type=int, default=500, metavar="N", help="in the sample catalogue"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.bind, self.port = options["bind"], options["port"]
        host = "127.0.0.1" if self.bind == "0.0.0.0" else self.bind  # noqa: S104
        self.site = f"http://{host}:{self.port}"
        try:
            with only_demo(settings.VAR_DIR), ExitStack() as stack:
                require_free(self.bind, self.port)
                self.supervisor = Supervisor(settings.VAR_DIR)
                # First: a database that a signal finds half started would go on without us.
                self.supervisor.obey_signals()
                if settings.EMBEDDED_DATABASE:
                    embedded.start_database(settings.VAR_DIR)
                stack.enter_context(self.supervisor)
                stack.callback(self.say, "Stopping ...")
                self.supervisor.check()
                self.run(options["pictures"])
        except OperationalError as error:
            require_postgres()
            raise CommandError(f"The database does not answer: {str(error).strip()}") from None
        except (embedded.EmbeddedError, ChildDied) as error:
            raise CommandError(str(error)) from None

    def run(self, pictures: int) -> None:
        self.say("Starting ...")
        encoder = self.start_site()
        self.await_turn(encoder)
        drawing = self.start_drawing(pictures)
        self.supervisor.finish(encoder)
        self.await_ready()
        self.await_first_pictures()
        for name in FOR_LATER:
            self.supervisor.start(name, self.commands[name])
        self.welcome()
        if drawing:
            self.fill(drawing)
            self.add_the_others()
        while True:
            self.pause()

    def start_site(self) -> Child:
        """Start the servers and all that answers a first search; the step that adds the encoder."""
        self.commands = processes(f"{self.bind}:{self.port}")
        self.idle_workers = IdleWorkers(self.supervisor, self.commands, self.site)
        if settings.REDIS_URL in {"", embedded.redis_url(settings.VAR_DIR)}:
            self.start_redis()
        with ThreadPoolExecutor() as pool:
            pages = pool.submit(self.start_pages)
            call_command("migrate", verbosity=0)
            # Loading the encoder takes longest: everything else gets ready beside it.
            encoder = self.supervisor.start_step("encoder", "encoder", "serve")
            pages.result()
        for name in ("query", "ingest"):
            self.supervisor.start(name, self.commands[name])
        return encoder

    def start_pages(self) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)
        self.supervisor.start("web", self.commands["web"])

    def start_redis(self) -> None:
        command = embedded.redis_command(settings.VAR_DIR)
        self.supervisor.start("redis", command, stops_last=True)
        while not embedded.redis_url(settings.VAR_DIR):
            self.supervisor.pause(0.05)

    def await_turn(self, encoder: Child) -> None:
        """Let the encoder's step be the one that loads it: whoever draws would do so as well."""
        while encoder.process.poll() is None:
            with turn(SERVING) as is_free:
                if not is_free:
                    return
            self.supervisor.pause(0.05)

    def start_drawing(self, pictures: int) -> list[Child]:
        """Go on with the sample catalogue that an empty library begins with; a process per core."""
        superuser = {"is_staff": True, "is_superuser": True, "password": "!"}
        User.objects.get_or_create(username=CURATOR, defaults=superuser)
        if not Asset.objects.exists():
            sample_catalogue.begin(pictures)
        if not (progress := sample_catalogue.progress()):
            return []
        parts = min(os.cpu_count() or 1, MAX_DRAWING)
        return [self.draw(progress.total, part, parts) for part in range(parts)]

    def draw(self, pictures: int, part: int, parts: int) -> Child:
        options = ["--pictures", str(pictures), "--owner", CURATOR, "--part", str(part), str(parts)]
        child = self.supervisor.start_step(f"catalogue-{part}", "catalogue", *options)
        priority.lower(DRAWING_NICE, child.process.pid)
        return child

    def fill(self, drawing: list[Child]) -> None:
        """Show how far the sample catalogue is, until all of it is embedded."""
        progress = sample_catalogue.progress()
        total = progress.total if progress else 0
        with tqdm(total=total, unit="picture", desc="Embedding the sample catalogue") as bar:
            while any(child.process.poll() is None for child in drawing) or is_embedding():
                self.pause(FILL_SECONDS)
                advance(bar)
            for child in drawing:
                self.supervisor.finish(child)
            advance(bar)
        sample_catalogue.end()
        self.say("The sample catalogue is complete.")

    def add_the_others(self) -> None:
        """Let the other bundled encoders embed the catalogue too, so that they can be compared."""
        if settings.ENCODER_CHECKPOINT != settings.BUNDLED_CHECKPOINT:
            return
        # By their files: whatever else lies there must not end the demo.
        for config in sorted(settings.BUNDLED_CHECKPOINTS.glob("*/config.json")):
            folder = config.parent
            if not Encoder.objects.filter(checkpoint=str(folder)).exists():
                self.supervisor.start_step(folder.name, "encoder", "add", str(folder))

    def await_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while (answer := status(f"{self.site}/readyz")) != "200":
            if time.monotonic() > until:
                raise CommandError(
                    f"The site is not ready after {READY_SECONDS} seconds (/readyz: {answer});"
                    f" the logs in {settings.VAR_DIR / 'logs'} may say why."
                )
            self.supervisor.pause()

    def await_first_pictures(self) -> None:
        """So that the page opens on pictures; for how long they may take it does not wait."""
        progress = sample_catalogue.progress()
        wanted = min(progress.total, FIRST_PICTURES) if progress else 0
        thumbnails = Rendition.objects.filter(spec=Rendition.Spec.THUMBNAIL).done()
        until = time.monotonic() + READY_SECONDS
        while thumbnails.count() < wanted and time.monotonic() < until:
            self.supervisor.pause()

    def pause(self, seconds: float = 0.2) -> None:
        time.sleep(seconds)
        require_postgres()  # First: without it the children end too, which is not the cause.
        self.supervisor.check()
        if settings.EMBEDDED_DATABASE:
            rotate(embedded.postgres_log(settings.VAR_DIR))
        self.idle_workers.look()

    def welcome(self) -> None:
        self.say(f"\nSightline is ready: http://{self.bind}:{self.port}/")
        curator = User.objects.get(username=CURATOR)
        if curator.has_usable_password():
            self.say(f"Sign in as {CURATOR}, with the password of the first start.")
            self.say(f"(A new one: {sys.executable} manage.py changepassword {CURATOR})")
        else:
            # Made at the moment it is shown: a first start that was cut short has not lost it.
            password = secrets.token_urlsafe(12)
            curator.set_password(password)
            curator.save(update_fields=["password"])
            self.say(f"Sign in as {CURATOR} with the password {password}")
            self.say("(It is shown this once.)")
        self.say("Ctrl-C stops everything.\n")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def processes(bind: str) -> dict[str, list[str]]:
    """The commands of the site and its workers, by name."""
    celery = [sys.executable, "-m", "celery", "-A", "workers.celery"]
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "config/gunicorn.py"]
    return {
        "web": [*gunicorn, "--bind", bind],
        "ingest": [*celery, "worker", "-Q", "ingest", "-c", "1", "-n", "ingest@%h"],
        "query": [*celery, "worker", "-Q", "query", "-c", "1", "-n", "query@%h"],
        # A thread: what trains is a process of its own, which it must hear to the end of.
        "train": [*celery, "worker", "-Q", "train", "-P", "threads", "-c", "1", "-n", "train@%h"],
        "beat": [*celery, "beat"],
    }


@contextmanager
def only_demo(var: Path) -> Iterator[None]:
    """Two demos in one folder would each take the other's Redis for their own."""
    embedded.make_folder(var)
    with (var / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"A demo runs in {var} already: stop it, or set VAR_DIR to another folder."
            ) from None
        yield


def require_free(bind: str, port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((bind, port))
        except OSError as error:
            raise CommandError(
                f"Sightline cannot listen on {bind}:{port} ({error.strerror}):"
                f" free it, or choose another port, as in `make demo PORT={port + 1}`."
            ) from None


def require_postgres() -> None:
    """The embedded PostgreSQL belongs to all who use it, so it is no child of the supervisor's."""
    if settings.EMBEDDED_DATABASE and not embedded.is_running(settings.VAR_DIR):
        log = embedded.postgres_log(settings.VAR_DIR)
        raise CommandError(
            "The process postgres has ended, so everything stops."
            f" Its last lines, from {log}:\n{last_lines(log)}"
        )


def is_embedding() -> bool:
    return Embedding.objects.of_serving().waiting().exists()


def advance(bar: "tqdm[Any]") -> None:
    embedded_pictures = Embedding.objects.of_serving().done().count()
    bar.update(max(0, min(embedded_pictures, bar.total or 0) - bar.n))


def status(url: str) -> str:
    """The HTTP status of a page, or why there is none."""
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310
            return str(response.status)
    except HTTPError as error:
        return f"{error.code} {error.read(500).decode(errors='replace')}"
    except (URLError, OSError) as error:
        return str(error)
