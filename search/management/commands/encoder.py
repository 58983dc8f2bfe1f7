import json
import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from search.evaluation.precision import prove
from search.models import Embedding, Encoder, EncoderRequest
from search.models.encoder import WrongState
from search.refusals import Refusal
from workers import add_encoder
from workers.add_encoder import Superseded
from workers.bell import ring
from workers.encoders.checkpoint import find
from workers.encoders.load import load_encoder
from workers.encoders.protocol import CheckpointError, LoadedEncoder
from workers.progress import Bar
from workers.turns import SERVING, await_turn
from workers.upkeep import advance_encoders, advance_without_workers, is_warm

COLUMNS = ["slug", "state", "family", "dimensions", "patches", "searchable", "waiting", "failed"]
COLUMNS += ["checkpoint", "revision", "precision", "proof", "engine"]
ANSWER_SECONDS = 10
# The largest checkpoints take about this long to be read from a slow disk.
WARM_UP_SECONDS = 120


class Command(BaseCommand):
    help = "The encoders: add one, build it beside the one that serves, switch, and go back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="load a checkpoint and have the library embedded by it")
        add.add_argument("checkpoint", metavar="CHECKPOINT", help="a hub id or a folder")
        add.add_argument("--slug", default="", help="its name here, if not the checkpoint's own")
        add.add_argument("--revision", default="", metavar="R", help="a commit, of a hub id")
        add.add_argument("--patches", type=int, metavar="N", help="of a picture, for NaFlex")
        add.add_argument(
            "--precision",
            choices=Encoder.Precision.values,
            default=Encoder.Precision.FP32,
            help="int8: faster, if this library's searches lose next to nothing by it",
        )
        add.add_argument("--request", type=UUID, metavar="TOKEN", help="for workers: whose it is")
        verbs.add_parser("list", help="the encoders and how far each is")
        for verb, what in {
            "promote": "let it answer searches, once a query worker has loaded it",
            "retire": "promise it nothing any more; its vectors stay",
            "remove": "delete it with its vectors and its index",
        }.items():
            verbs.add_parser(verb, help=what).add_argument("slug", metavar="SLUG")
        for named in verbs.choices.values():
            named.add_argument("--json", action="store_true", help="print its state as JSON")
        verbs.add_parser("serve", help="what ENCODER_CHECKPOINT names: at each start")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        self.as_json = options.get("json", False)
        try:
            getattr(self, verb)(options)
        except Refusal as refusal:
            if self.as_json:
                self.stdout.write(json.dumps(refusal.as_json()))
            raise CommandError(str(refusal)) from None

    def list(self, options: Any) -> None:
        rows = Encoder.objects.with_counts().order_by("-created")
        if self.as_json:
            self.stdout.write(json.dumps([described(row) for row in rows], indent=2))
            return
        for row in rows:
            self.stdout.write(line(row))

    def add(self, options: Any) -> None:
        encoder = self.added(options)
        advance_without_workers()
        self.say(encoder, f"{encoder} is added; the workers embed the library by it.")

    def added(self, options: Any) -> Encoder:
        if options["request"]:
            claimed = EncoderRequest.objects.filter(token=options["request"]).first()
            if claimed is None:
                raise Superseded("request_superseded", checkpoint=options["checkpoint"])
            return add_encoder.fulfil(claimed, prove)
        wish = {name: options[name] for name in ("revision", "patches", "precision", "slug")}
        return add_encoder.add(options["checkpoint"], prove=prove, **wish)

    def promote(self, options: Any) -> None:
        encoder, serving = encoder_named(options["slug"]), Encoder.objects.serving()
        if encoder.state == Encoder.State.READY and serving:
            self.warm_up(encoder, serving)
        encoder.promote()
        failed = Embedding.objects.filter(encoder=encoder).failed().count()
        lacking = f" {failed} assets could not be embedded by it." if failed else ""
        self.say(encoder, f"{encoder} serves.{lacking}")

    def warm_up(self, encoder: Encoder, serving: Encoder) -> None:
        """See to it that no search will wait in vain, unless all of them do so today."""
        if not answers(serving, ANSWER_SECONDS):
            self.stderr.write(
                "No query worker answers: until one does, nobody can search by words."
            )
        elif not answers(encoder, WARM_UP_SECONDS):
            encoder.refresh_from_db()
            why = encoder.problem_sentence or f"No query worker has loaded {encoder} in time."
            raise CommandError(f"{why} {serving} goes on serving.")

    def retire(self, options: Any) -> None:
        encoder = encoder_named(options["slug"])
        encoder.retire()
        self.say(encoder, f"{encoder} is retired; `add` its checkpoint again to bring it back.")

    def remove(self, options: Any) -> None:
        encoder = encoder_named(options["slug"])
        encoder.ask_removal()
        self.await_removal(encoder)
        if self.as_json:
            self.stdout.write(json.dumps({"slug": encoder.slug, "state": "removed"}))
        else:
            self.stdout.write(f"{encoder} is removed, with its vectors and its index.")

    def await_removal(self, encoder: Encoder) -> None:
        """Do it, or wait for the worker that does; should this be cut off, the workers go on."""
        embeddings = Embedding.objects.filter(encoder=encoder)
        total = embeddings.count()
        with Bar(total=total, unit="vector", desc="Removing") as bar:
            while Encoder.objects.filter(pk=encoder.pk).exists():
                advance_encoders()
                bar.update(total - embeddings.count() - bar.n)
                time.sleep(0.5)

    def serve(self, options: Any) -> None:
        # A first start has several processes do so: the others find that it serves, and load none.
        with await_turn(SERVING):
            self.serve_configured()
        advance_without_workers()
        ring()

    def serve_configured(self) -> None:
        serving = Encoder.objects.serving()
        try:
            if serving and is_unchanged(serving):
                self.stdout.write(f"{serving} serves.")
            else:
                loaded = load_encoder(settings.ENCODER_CHECKPOINT, settings.ENCODER_REVISION)
                self.stdout.write(self.served(loaded, serving))
        except (CheckpointError, WrongState) as error:
            if serving is None or not is_passed_over(serving):
                raise
            self.stderr.write(f"{error} {serving} goes on serving.")

    def served(self, loaded: LoadedEncoder, serving: Encoder | None) -> str:
        """Let this encoder serve at once if none does, else as soon as it is ready."""
        encoder = add_encoder.row_of(loaded)
        if encoder is None and serving:
            encoder = add_encoder.create(loaded, promote_when_ready=True)
            return f"{encoder} is built beside {serving}, and serves once it is ready."
        if encoder is None:
            encoder = add_encoder.create(loaded)
        else:
            add_encoder.refresh(encoder, loaded)
        if serving and serving != encoder:
            return f"{serving} serves; {encoder} is {encoder.state}, as it was left."
        if encoder.state == Encoder.State.RETIRED:
            encoder = add_encoder.revive(encoder, loaded)
        encoder.serve()
        return f"{encoder} serves."

    def say(self, encoder: Encoder, sentence: str) -> None:
        if self.as_json:
            row = Encoder.objects.with_counts().get(pk=encoder.pk)
            self.stdout.write(json.dumps(described(row)))
        else:
            self.stdout.write(sentence)


def is_unchanged(serving: Encoder) -> bool:
    """Whether the settings name just the files that serve; workers verify them as they load."""
    files = find(settings.ENCODER_CHECKPOINT, settings.ENCODER_REVISION)
    has_probes = bool(serving.probes) and serving.patches is None
    return has_probes and (files.name, files.revision) == (serving.checkpoint, serving.revision)


def is_passed_over(serving: Encoder) -> bool:
    """Whether a curator has let another encoder serve than the known one named in the settings."""
    named = settings.ENCODER_CHECKPOINT
    return serving.checkpoint != named and Encoder.objects.filter(checkpoint=named).exists()


def encoder_named(slug: str) -> Encoder:
    encoder = Encoder.objects.filter(slug=slug).first()
    if encoder is None:
        raise CommandError(f"There is no encoder {slug}: `encoder list` names those that are.")
    return encoder


def answers(encoder: Encoder, seconds: float) -> bool:
    """Whether a query worker encodes by it in this time."""
    until = time.monotonic() + seconds
    while not (warm := is_warm(encoder)) and time.monotonic() < until:
        time.sleep(0.5)
    return warm


def described(row: Encoder) -> dict[str, Any]:
    """What `list` says of an encoder."""
    columns = [*COLUMNS, "per_second", "seconds_left"]
    return {name: getattr(row, name) for name in columns} | {
        "problem": row.problem_sentence,
        "fallback": row.fallback_sentence,
        "is_being_removed": row.removal_requested is not None,
    }


def line(row: Encoder) -> str:
    """The same for people."""
    patches = f", {row.patches} patches" if row.patches else ""
    pace = f" ({row.per_second:.1f} per second, {row.time_left} left)" if row.time_left else ""
    parts = [
        f"{'being removed' if row.removal_requested else row.state}, {row.family}{patches},"
        f" {row.dimensions} dimensions",
        f"{row.searchable} searchable, {row.waiting} waiting{pace}, {row.failed} failed",
        f"{row.checkpoint} @ {row.revision}",
        row.proof_sentence,
        row.problem_sentence,
        row.fallback_sentence,
    ]
    return f"{row}: {'; '.join(filter(None, parts))}"
