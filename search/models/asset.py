from collections.abc import Sequence
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Lower, Now
from django.urls import reverse
from pgvector.django import BitField, CosineDistance, HalfVectorField

from search.formats.dates import CAMERA, FILE
from search.formats.likeness import BAND_BITS, BANDS
from search.formats.public_copy import has_public_copy
from search.formats.sniff import content_type, download_name
from search.models import moments
from search.models.audience import Audience, is_among, sees_all
from search.models.change import history
from search.models.encoder import Encoder
from search.models.grant import Grant
from search.models.label import AssetLabel, Label
from search.models.moments import Spans
from search.models.user import User, contributes

# Names of main colours, as the database's function gives them (search/sql/colour_name.sql).
COLOURS = (
    "red", "orange", "brown", "yellow", "green", "teal", "blue", "purple", "pink",
    "black", "grey", "white",
)  # fmt: skip

# What facets count.
FACTS = ("colour_name", "format", "width", "height", "taken", "created")
# What decides who sees it.
ACCESS = ("audience", "owner", "hidden")


class AssetQuerySet(models.QuerySet["Asset"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Every signed-in person sees an open library; everyone does where search is public. Of one
        that is not, each sees their own, and what is in a collection that they see."""
        if not (user.is_authenticated or settings.PUBLIC_SEARCH):
            return self.none()
        if sees_all(user):
            return self.cleared_for(user)
        through = is_among(_audiences(user)) | Q(owner=user.pk)
        return self.filter(through).cleared_for(user)

    def cleared_for(self, user: Any) -> Self:
        """Without what terms of use hide from viewers now, unless this person may edit it."""
        if user.is_superuser:
            return self
        if not contributes(user):
            return self.cleared_at(moments.now())
        if not hasattr(user, "may_edit"):  # Looked up once for each request, as audiences are.
            user.may_edit = _may_edit(user)
        return self.filter(~Q(hidden__cover=moments.now()) | user.may_edit)

    def cleared_at(self, moment: Combinable) -> Self:
        """Without what terms of use hide from viewers at a moment."""
        return self.filter(~Q(hidden__cover=moment))

    def with_clearance(self) -> Self:
        """Each with `is_cleared`: whether terms of use let viewers download it now."""
        is_refused = When(refused__cover=moments.now(), then=False)
        return self.annotate(is_cleared=Case(is_refused, default=True))

    def still_visible_to(self, user: User | AnonymousUser) -> Self:
        """The same, asked in the statement itself: not what was taken away a moment ago."""
        if sees_all(user):
            return self.visible_to(user)
        collections = _collections().objects.visible_to(user).order_by().values("pk")
        links = Asset.collections.through.objects.filter(collection__in=collections)
        is_in = Exists(links.filter(asset=OuterRef("pk")))
        return self.visible_to(user).filter(is_in | Q(owner=user.pk))

    def of_file(self, sha256: str, *, sent_by: User) -> Self:
        """The assets of these very bytes that whoever sends them may see, their own first."""
        is_theirs = Case(When(owner=sent_by, then=0), default=1)
        return self.visible_to(sent_by).filter(sha256=sha256).order_by(is_theirs, "created", "pk")

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """What a contributor may change, their own, and what a curator may: also what is in a
        collection that they may edit, and of an open library what is in none."""
        return self if user.is_superuser else self.filter(_may_edit(user))

    def in_trash(self) -> Self:
        """Of `Asset.everything` what lies in the trash."""
        return self.filter(trashed__isnull=False)

    def in_collection(self, slug: str) -> Self:
        return self.filter(collections__in=_ids(_collections(), slug=slug))

    def in_any_collection(self, slugs: Sequence[str]) -> Self:
        held = Asset.collections.through.objects.filter(
            collection__in=_ids(_collections(), slug__in=slugs)
        )
        return self.filter(pk__in=held.values("asset"))

    def labelled(self, name: str) -> Self:
        return self.labelled_any([name])

    def labelled_any(self, names: Sequence[str]) -> Self:
        # By way of a subquery: an asset may carry a label twice, from a person and an encoder.
        labelled = AssetLabel.objects.filter(label__in=_ids(Label, name__in=names))
        return self.filter(pk__in=labelled.values("asset"))

    def without_labels(self, names: Sequence[str]) -> Self:
        # Asked of each asset: a walk by the index makes a list of all that are labelled anew at
        # each step, and took minutes among a million.
        labelled = AssetLabel.objects.filter(label__in=_ids(Label, name__in=names))
        return self.exclude(Exists(labelled.filter(asset=OuterRef("pk"))))

    def dated(self) -> Self:
        """With `dated`: when the picture was taken or, where no one knows, added."""
        return self.alias(dated=Coalesce("taken", "created"))

    def newest(self) -> Self:
        return self.order_by("-created", "pk")

    def embedded_by(self, encoder: Encoder) -> Self:
        return self.filter(embeddings__encoder=encoder, embeddings__fulfilled__isnull=False)

    def nearest(self, vector: Sequence[float], encoder: Encoder) -> Self:
        """The embedded assets with their cosine `distance` to a unit vector, by way of the index.

        Order by distance alone: a second sort key, a descending score or no slice each make
        PostgreSQL leave the HNSW index (docs/architecture.md, Facts).
        """
        stored = Cast("embeddings__vector", HalfVectorField(dimensions=encoder.dimensions))
        return (
            self.embedded_by(encoder)
            .annotate(distance=CosineDistance(stored, vector))
            .order_by("distance")
        )

    def exactly_nearest(self, vector: Sequence[float], encoder: Encoder) -> Self:
        """The same hits by an exhaustive comparison; ties come in the order of their ids."""
        # "+ 0" hides the distance from the index; by "distance" and "pk" PostgreSQL 18 still
        # walks the index, with an incremental sort on top.
        return self.nearest(vector, encoder).order_by(F("distance") + 0, "pk")


class AssetManager(models.Manager.from_queryset(AssetQuerySet)):  # type: ignore[misc]
    """Leaves out the trash: what begins here tells of nothing that lies there."""

    def get_queryset(self) -> AssetQuerySet:
        return super().get_queryset().filter(trashed=None)


def _ids(model: Any, **names: Any) -> list[int]:
    """Looked up beforehand: PostgreSQL knows how many assets have a label by its id, and by a name
    takes all for alike: the facets of half a million took 0.9 s, and 0.1 s by the id."""
    return list(model.objects.filter(**names).values_list("pk", flat=True))


def _audiences(user: Any) -> bytes:
    """Those that a person belongs to, looked up once for each request."""
    if not hasattr(user, "audiences"):
        user.audiences = Audience.objects.granted(Grant.objects.of(user))
    return user.audiences


def _may_edit(user: Any) -> Q:
    """What editable_by() says, as a condition."""
    if not contributes(user):
        return Q(pk__in=[])
    if not user.is_staff:
        return Q(owner=user.pk)
    audiences = Audience.objects.granted(Grant.objects.of(user).to_edit())
    loose = Q(audience=None) if settings.LIBRARY_OPEN else Q()
    return is_among(audiences) | Q(owner=user.pk) | loose


def _collections() -> Any:
    return Asset.collections.rel.related_model


def original_name(asset: "Asset", filename: str) -> str:
    """A random name, from which neither the hash nor the name of an upload can be guessed."""
    name = uuid4().hex
    return f"originals/{name[:2]}/{name}"


def _index_of_band(band: int) -> models.Index:
    """Covers all that is read of first members: their hashes and ids."""
    first = Value(1 + BAND_BITS * band)
    bits = Func(F("phash"), first, Value(BAND_BITS), function="substring")
    name = f"asset_firsts_{band + 1}"
    return models.Index(
        Cast(bits, models.IntegerField()), "phash", "id", condition=Q(cluster=F("id")), name=name
    )


class Asset(models.Model):
    """A picture that the library holds: its original, and what people say about it."""

    class TakenSource(models.TextChoices):
        """Who says when it was taken; empty where it was read before this was stored."""

        CAMERA = CAMERA, "the camera"
        FILE = FILE, "the file, less certain"
        PERSON = "person", "a person"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assets")
    # Kept by triggers (search/sql/audiences.sql); null where it is in no collection.
    audience = models.ForeignKey(
        Audience, on_delete=models.PROTECT, null=True, editable=False, related_name="assets"
    )
    # When terms of use hide it from viewers, and when they refuse them its original: kept by
    # triggers (search/sql/terms.sql), whatever is written here.
    hidden = Spans(null=True, editable=False)
    refused = Spans(null=True, editable=False)
    original = models.FileField(upload_to=original_name, max_length=200, editable=False)
    filename = models.CharField(max_length=255, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    format = models.CharField(max_length=10, editable=False)
    bytes = models.PositiveBigIntegerField(editable=False)
    colour = models.CharField(max_length=7, editable=False)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    colour_name = models.GeneratedField(
        expression=Func(F("colour"), function="colour_name"),
        output_field=models.CharField(max_length=10),
        db_persist=True,
    )
    # By the camera's own clock, whose time zone no file tells reliably: kept as if it were UTC.
    taken = models.DateTimeField(null=True, blank=True)
    taken_source = models.CharField(
        "taken according to",
        max_length=6,
        choices=TakenSource,
        default="",
        db_default="",
        blank=True,
        editable=False,
    )
    # With what and how it was taken: camera, lens, exposure (search.formats.exif).
    camera = models.JSONField(default=dict, db_default={}, editable=False)
    # What the upright picture looks like (search.formats.likeness); null until it is computed.
    phash = BitField(length=64, null=True, editable=False)
    layout = models.BinaryField(max_length=192, null=True, editable=False)
    # Version of the rules by which it was read (search.formats.rules); what is not above 0 waits to
    # be read anew (search.library.upgrade).
    rules = models.SmallIntegerField(db_default=1, editable=False)
    # Id of the first member of its near-duplicates (search.library.near_duplicates), which it may
    # be itself; null until it is compared with others.
    cluster = models.UUIDField(null=True, editable=False, db_index=True)
    # By the database's clock, as the leases of what is made of it are.
    created = models.DateTimeField(db_default=Now(), db_index=True, editable=False)
    updated = models.DateTimeField(auto_now=True)
    # Which of its originals is that of now (search.library.versions); each has its own number.
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    # Since when it is in the trash (search.library.trash), and who put it there.
    trashed = models.DateTimeField(null=True, editable=False)
    trashed_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        db_index=False,
        related_name="+",
    )

    embeddings: Any
    renditions: Any
    versions: Any
    is_cleared: bool  # On assets from with_clearance().

    objects = AssetManager()
    # The trash too. Only for what is about rows and files, whoever may see them.
    everything = AssetQuerySet.as_manager()

    class Meta:
        triggers = history(
            "asset",
            "title",
            "description",
            "taken",
            "taken_source",
            "owner",
            "version",
            "trashed",
            "trashed_by",
            asset="id",
        )
        constraints = [
            models.UniqueConstraint(
                # The hash first: an upload is looked for among the assets of all owners.
                fields=["sha256", "owner"],
                condition=Q(trashed=None),
                name="one_asset_per_owner_and_original",
            )
        ]
        indexes = [
            # For the titles that begin with what a person is typing, in a database of any locale.
            models.Index(
                OpClass(Lower("title"), name="text_pattern_ops"), name="asset_title_begins"
            ),
            # For the orders of hits (search/query/answer.py), else the library is sorted.
            models.Index(F("taken").desc(nulls_last=True), name="asset_by_date_taken"),
            models.Index(fields=["bytes"], name="asset_by_size"),
            models.Index(Lower("title"), name="asset_by_name"),
            # Covers all that facets count (search/query/facets.py): 10,000 of a million in 5 ms; of
            # their rows, each on a page of its own, in 50.
            models.Index(
                fields=["id"],
                include=(*FACTS, *ACCESS),
                condition=Q(trashed=None),
                name="asset_facts",
            ),
            # First members to compare with, by each part of their hashes
            # (search/library/near_duplicates.py).
            *(_index_of_band(band) for band in range(BANDS)),
            # Assets to compare, and originals to inspect (workers/tasks/inspections.py).
            models.Index(
                fields=["created"],
                condition=Q(cluster=None, trashed=None),
                name="asset_uncompared",
            ),
            models.Index(fields=["id"], condition=Q(phash=None), name="asset_unseen"),
            models.Index(fields=["id"], condition=Q(rules__lte=0), name="asset_to_read_anew"),
            # The trash: what is emptied first; of which file; by whom, where an account is deleted.
            *(
                models.Index(
                    fields=[field], condition=Q(trashed__isnull=False), name=f"asset_{name}"
                )
                for field, name in (("trashed", "in_trash"), ("sha256", "in_trash_by_file"))
            ),
            models.Index(
                fields=["trashed_by"],
                condition=Q(trashed_by__isnull=False),
                name="asset_trashed_by",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("asset", args=[self.pk])

    def is_whole_for(self, user: User | AnonymousUser) -> bool:
        """Whether a person gets the original as it was uploaded, with all that it says."""
        return settings.SHARE_METADATA or user.is_staff or user.pk == self.owner_id

    def has_original_for(self, user: User | AnonymousUser) -> bool:
        """Whether a person gets an original at all: whole, or without what is private."""
        return self.is_whole_for(user) or has_public_copy(self.format)

    @property
    def version_query(self) -> str:
        """What the addresses of its files end with once it has had another original: what a browser
        has kept of one is not shown for the other."""
        return f"?v={self.version}" if self.version > 1 else ""

    @property
    def content_type(self) -> str:
        return content_type(self.format)

    @property
    def download_name(self) -> str:
        """Its file's name, with an extension of what it is: an upload may be called x.html."""
        return download_name(self.filename, self.format)

    def rendition(self, spec: str) -> Any:
        """The finished rendition of this spec, or None while it is waiting or has failed."""
        return next((r for r in self.renditions.all() if r.spec == spec and r.fulfilled), None)
