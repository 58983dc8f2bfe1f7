"""What may be done with an asset, until when, and who says so: use terms and releases."""

from datetime import datetime
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now
from django.utils import formats, timezone

from search.models import moments
from search.models.asset import Asset
from search.models.change import history
from search.models.collection import Collection
from search.models.document import Document
from search.models.territory import TERRITORIES
from search.models.user import User


class TermQuerySet(models.QuerySet["Term"]):
    def of(self, asset: Asset) -> Self:
        """Those of an asset: its own, and those of its collections and of who uploaded it."""
        held = Asset.collections.through.objects.filter(asset=asset)
        through = Q(uploader=asset.owner_id) | Q(collection__in=held.values("collection"))
        return self.filter(Q(asset=asset) | through)

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Those of what a curator may edit; of an uploader's, their own."""
        if user.is_superuser:
            return self.filter(asset__trashed=None)
        if not user.is_staff:
            return self.none()
        collections = Collection.objects.contributable_by(user).values("pk")
        assets = Asset.objects.editable_by(user).filter(pk=OuterRef("asset"))
        of_others = Q(collection__in=collections) | Q(uploader=user.pk)
        return self.filter(Q(Exists(assets)) | of_others)

    def readable_by(self, user: User | AnonymousUser) -> Self:
        """Those, and an uploader's of whom a curator may edit something."""
        owned = Asset.objects.editable_by(user).filter(owner=OuterRef("uploader"))
        of_owned = Q(Exists(owned)) if user.is_staff else Q(pk__in=[])
        return self.filter(Q(pk__in=self.editable_by(user).values("pk")) | of_owned)

    def in_force(self) -> Self:
        return self.filter(Q(since=None) | Q(since__lte=moments.now()), ~Q(_over()))

    def over(self) -> Self:
        return self.filter(_over())

    def ending_before(self, moment: Any) -> Self:
        """Those in force that end before a moment."""
        return self.in_force().filter(until__lt=moment)

    def with_states(self) -> Self:
        """Each with its `state`, and whether it `denies` what this site does, both as of now."""
        coming = Q(since__gt=moments.now())
        by_deny = Q(effect=Term.Effect.DENY) & ~coming & ~_over()
        acts = Q(scope__in=Term.ACTING) & (by_deny | Q(ends_use=True) & _over())
        state = Case(
            When(_over(), then=Value("over")),
            When(coming, then=Value("to come")),
            default=Value("in force"),
        )
        return self.annotate(state=state, denies=Case(When(acts, then=True), default=False))


def _over() -> Q:
    return Q(until__isnull=False, until__lte=moments.now())


def check_territory(code: str) -> None:
    """Raises ValidationError for what is no code of ISO 3166-1."""
    if code not in TERRITORIES:
        raise ValidationError(f"“{code}” is no country: write its two letters, as DE or JP.")


class Term(models.Model):
    """One thing that is allowed or denied, of an asset or of all in a collection or by an uploader.

    What denies is joined into two columns of each asset by triggers (search/sql/terms.sql), so that
    neither bulk updates nor SQL of somebody's own escape it.
    """

    class Kind(models.TextChoices):
        USE = "use", "Use"
        MODEL = "model", "Model release"
        PROPERTY = "property", "Property release"

    class Effect(models.TextChoices):
        ALLOW = "allow", "May be used"
        DENY = "deny", "May not be used"

    class Scope(models.TextChoices):
        EVERYTHING = "everything", "for everything"
        WEB = "web", "on the web"
        PRINT = "print", "in print"
        SOCIAL = "social", "on social media"
        TERRITORY = "territory", "in a country"

    class Display(models.TextChoices):
        """How viewers meet what is denied."""

        HIDDEN = "hidden", "They do not see it"
        REFUSED = "refused", "They see it, not cleared for use"

    # Scopes of what this site does: show and send pictures. The others are said, not enforced.
    ACTING = (Scope.EVERYTHING, Scope.WEB)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, null=True, blank=True)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, null=True, blank=True)
    uploader = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.USE)
    effect = models.CharField(max_length=5, choices=Effect, default=Effect.DENY)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.EVERYTHING)
    territory = models.CharField(
        "country", max_length=2, blank=True, default="", validators=[check_territory]
    )
    since = models.DateTimeField("from", null=True, blank=True, help_text="Empty: ever since.")
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: without an end.")
    ends_use = models.BooleanField(
        "no use after its end",
        default=False,
        help_text="Of a licence or a release that runs out: from then on it denies.",
    )
    display = models.CharField(
        "for viewers",
        max_length=7,
        choices=Display,
        default=Display.HIDDEN,
        help_text="Of what is denied for everything or on the web.",
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True)
    link = models.URLField(max_length=500, blank=True, default="")
    created = models.DateTimeField(db_default=Now(), editable=False)

    # On terms from with_states().
    state: str
    denies: bool
    # On those of an asset's page: through what they concern it.
    through: str

    objects = TermQuerySet.as_manager()

    class Meta:
        default_related_name = "terms"
        verbose_name = "use term"
        ordering = ["since", "pk"]
        triggers = history(
            *("term", "asset", "collection", "uploader", "kind", "effect", "scope", "territory"),
            *("since", "until", "ends_use", "display", "reason", "document", "link"),
            asset="asset",
            collection="collection",
            person="uploader",
        )
        constraints = [
            models.CheckConstraint(
                condition=Q(asset__isnull=False, collection=None, uploader=None)
                | Q(asset=None, collection__isnull=False, uploader=None)
                | Q(asset=None, collection=None, uploader__isnull=False),
                name="a_term_is_of_one_thing",
                violation_error_message="A term is of an asset, of a collection or of who uploads:"
                " choose one of them.",
            ),
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(until__gt=F("since")),
                name="a_term_ends_after_it_begins",
                violation_error_message="This term ends before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(effect="allow") | ~Q(reason=""),
                name="a_denial_has_a_reason",
                violation_error_message="Say why it may not be used.",
            ),
            models.CheckConstraint(
                condition=Q(scope="territory", territory__regex=r"^[A-Z]{2}$")
                | (~Q(scope="territory") & Q(territory="")),
                name="a_country_belongs_to_its_scope",
                violation_error_message="A country goes with “in a country”, and only with it.",
            ),
            models.CheckConstraint(
                condition=Q(ends_use=False) | Q(effect="allow", until__isnull=False),
                name="what_ends_use_allows_it_until_then",
                violation_error_message="“No use after its end” goes with what may be used until a"
                " day.",
            ),
            models.CheckConstraint(
                condition=Q(kind="use") | Q(effect="allow"),
                name="a_release_allows",
                violation_error_message="A release allows: what denies is a use.",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """For everyone: "May not be used in print in Japan until 1 May 2026." """
        words = self.get_kind_display() if self.kind != self.Kind.USE else self._use
        ending = ", and not after" if self.ends_use else ""
        return " ".join(filter(None, (words, self._where, self._when))) + f"{ending}."

    @property
    def _use(self) -> str:
        return self.Effect(self.effect).label

    @property
    def _where(self) -> str:
        if self.scope == self.Scope.TERRITORY:
            return f"in {TERRITORIES.get(self.territory, self.territory)}"
        is_all = self.scope == self.Scope.EVERYTHING
        is_plain = self.kind != self.Kind.USE or self.effect == self.Effect.DENY
        return "" if is_all and is_plain else self.Scope(self.scope).label

    @property
    def _when(self) -> str:
        begins = f"from {_day(self.since)}" if self.since else ""
        ends = f"until {_day(self.until)}" if self.until else ""
        return " ".join(filter(None, (begins, ends)))


def _day(moment: datetime) -> str:
    """A day, with the time where it is not its beginning."""
    local = timezone.localtime(moment)
    is_whole = (local.hour, local.minute) == (0, 0)
    return formats.date_format(local, "DATE_FORMAT" if is_whole else "DATETIME_FORMAT")
