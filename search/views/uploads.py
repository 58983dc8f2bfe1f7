"""Upload: many files at once, each with its own answer."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.exceptions import BadRequest
from django.core.files import File
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from search.access.bodies import takes_pictures
from search.access.requests import StaffRequest, for_contributors
from search.disk import DiskFull
from search.formats.sniff import UndecodableImage
from search.library import trash
from search.library.ingest import InTrash, IsVersion, display_name, ingest
from search.models import Asset, Embedding, User, Version
from search.models.asset import AssetQuerySet
from search.models.embedding import AssetState
from search.models.user import contributes
from search.pages import refusal_status
from search.refusals import sentence

# Maximum ids in a URL: with more of 36 characters some proxy refuses the request line.
ROWS_AT_ONCE = 100
# Refusals of a file that may be the machine's, which had too much to do, and not the file's.
MAY_PASS = {"decoding_takes_too_long", "decoding_takes_too_much_memory", "decoding_failed"}
# What a claim is signed for, so that no other signature passes for one.
CLAIM = "a file that was sent"
STATES = [AssetState.SEARCHABLE, "stored", AssetState.FAILED, "refused"]


@dataclass(frozen=True, slots=True)
class Row:
    """One file of an upload and its outcome."""

    filename: str
    asset: Asset | None = None
    is_new: bool = True
    from_other: bool = False
    # By which whoever has sent this file keeps it too: it is in the library from somebody else, in
    # the trash, or an earlier version of an asset.
    claim: str = ""
    is_trashed: bool = False
    version_of: Asset | None = None
    refusal: str = ""
    status: int = 200
    may_pass: bool = False  # Refused now, and maybe not if it is sent again.

    @property
    def state(self) -> str:
        """refused, stored, searchable or failed."""
        if self.asset is None:
            return "refused"
        states = [embedding.asset_state for embedding in self.asset.embeddings.all()]
        return states[0] if states and states[0] != AssetState.WAITING else "stored"

    @property
    def reason(self) -> str:
        """Why an asset is not searchable."""
        return self.asset.embeddings.all()[0].sentence if self.asset else ""


@takes_pictures(contributes)
@require_http_methods(["GET", "HEAD", "POST"])
@for_contributors("upload pictures")
def upload(request: StaffRequest) -> HttpResponse:
    if request.method != "POST":
        return _rows_page(request, [])
    files = request.FILES.getlist("files")
    if not files:
        return _rows_page(request, [], status=400, alert="Choose at least one picture.")
    rows = [_receive(file, request.user) for file in files]
    stored = any(row.asset for row in rows)
    return _rows_page(request, rows, status=200 if stored else max(row.status for row in rows))


@require_safe
@for_contributors("upload pictures")
def status(request: StaffRequest) -> HttpResponse:
    """The rows of some assets as they are now, those that were there already apart."""
    new, again = _ids(request, "ids"), _ids(request, "again")
    visible = _with_states(Asset.objects.visible_to(request.user))
    rows = [
        Row(asset.filename, asset, is_new, from_other=asset.owner_id != request.user.pk)
        for asset in visible.filter(pk__in=[*new, *again]).order_by("created", "pk")
        for is_new, ids in ((True, new), (False, again))
        for _ in range(ids.count(asset.pk))
    ]
    return _rows_page(request, rows)


@require_POST
@for_contributors("upload pictures")
def keep(request: StaffRequest) -> HttpResponse:
    """An asset of one's own of a file that somebody else has in the library too.

    The claim says that this person has sent those bytes: nobody gets a copy for having seen one.
    """
    return _rows_page(request, [_receive_again(*_claimed(request), request.user)])


@require_POST
@for_contributors("upload pictures")
def restore(request: StaffRequest) -> HttpResponse:
    """The asset of a file that was sent again while it was in the trash, taken out of there."""
    pk, name, _ = _claimed(request)
    trash.restore(trash.of(request.user).filter(pk=pk))
    asset = _with_states(Asset.objects.visible_to(request.user)).filter(pk=pk).first()
    row = Row(name, asset, is_new=False, refusal="" if asset else sentence("file_gone", {}))
    return _rows_page(request, [row])


def _claimed(request: StaffRequest) -> tuple[str, str, int]:
    """The id of the asset whose bytes this person has sent, the name that they have there, and of
    which version they are; 0 for that of now."""
    try:
        person, pk, name, version = signing.loads(request.POST.get("claim", ""), salt=CLAIM)
    except signing.BadSignature:
        raise BadRequest("The file to keep is missing: please send it again.") from None
    if person != request.user.pk:
        raise BadRequest("Somebody else has sent this file: please send it yourself.")
    return pk, name, version


def _receive_again(pk: str, name: str, version: int, user: User) -> Row:
    if row := _having(pk, version, user):
        with suppress(FileNotFoundError), row.original.open() as original:
            return _receive(File(original, name=name), user, own_copy=True)
    return Row(name, refusal=sentence("file_gone", {}))


def _having(pk: str, version: int, user: User) -> Asset | Version | None:
    """What has these bytes, if it is still there for this person."""
    if version:
        theirs = Asset.objects.editable_by(user).filter(pk=pk)
        return Version.objects.filter(asset__in=theirs, number=version).first()
    visible = Asset.objects.visible_to(user).filter(pk=pk)
    return visible.first() or trash.of(user).filter(pk=pk).first()


def _receive(file: File, user: User, *, own_copy: bool = False) -> Row:
    name = display_name(file.name or "")
    try:
        asset, is_new = ingest(file, owner=user, own_copy=own_copy)
    except InTrash as refusal:
        claim = _claim(user, refusal.asset, name)
        return Row(name, refusal=str(refusal), status=409, claim=claim, is_trashed=True)
    except IsVersion as refusal:
        asset, number = refusal.version.asset, refusal.version.number
        claim = _claim(user, asset, name, number)
        return Row(name, refusal=str(refusal), status=409, claim=claim, version_of=asset)
    except (UndecodableImage, DiskFull) as error:
        may_pass = isinstance(error, DiskFull) or error.code in MAY_PASS
        return Row(name, refusal=str(error), status=refusal_status(error), may_pass=may_pass)
    asset = _with_states(Asset.objects.visible_to(user)).get(pk=asset.pk)
    if asset.owner_id == user.pk:
        return Row(name, asset, is_new)
    return Row(name, asset, is_new, from_other=True, claim=_claim(user, asset, name))


def _claim(user: User, asset: Asset, name: str, version: int = 0) -> str:
    return signing.dumps([user.pk, str(asset.pk), name, version], salt=CLAIM)


def _with_states(assets: AssetQuerySet) -> AssetQuerySet:
    serving = Embedding.objects.of_serving().defer("vector")
    assets = assets.select_related("owner")
    return assets.prefetch_related("renditions", Prefetch("embeddings", serving))


def _ids(request: StaffRequest, name: str) -> list[UUID]:
    """The ids in this parameter of the URL that are ids."""
    ids = []
    for text in request.GET.get(name, "").split(",")[:ROWS_AT_ONCE]:
        with suppress(ValueError):
            ids.append(UUID(text))
    return ids


def _rows_page(
    request: StaffRequest, rows: list[Row], *, status: int = 200, alert: str = ""
) -> HttpResponse:
    template = "upload/_rows.html" if request.htmx else "upload/upload.html"
    context = {
        "rows": rows,
        "counts": {state: sum(row.state == state for row in rows) for state in STATES},
        "sentence": alert,
        "max_upload_mb": settings.MAX_UPLOAD_MB,
    }
    return render(request, template, context, status=status)
