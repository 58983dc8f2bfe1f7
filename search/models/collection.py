from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from search.models.asset import Asset
from search.models.change import history
from search.models.grant import Grant, GrantQuerySet
from search.models.names import NameField, one_of_a_name
from search.models.user import User, contributes


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those open to everyone, and those that a person has a grant to."""
        if not (user.is_authenticated or settings.PUBLIC_SEARCH):
            return self.none()
        if user.is_superuser:
            return self
        return self._granted(Grant.objects.of(user))

    def contributable_by(self, user: User | AnonymousUser) -> Self:
        """Those that one who uploads may add to: the open ones, and where a grant says so."""
        if user.is_superuser:
            return self
        return self._granted(Grant.objects.of(user).to_edit()) if contributes(user) else self.none()

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Those that a curator may give another name, other people, or delete."""
        if user.is_superuser:
            return self
        managed = Grant.objects.of(user).filter(level=Grant.Level.MANAGE)
        return self._granted(managed) if user.is_staff else self.none()

    def _granted(self, grants: GrantQuerySet) -> Self:
        return self.filter(Q(is_open=True) | Q(pk__in=grants.values("collection")))


class Collection(models.Model):
    """A set of assets that people have put together."""

    name = NameField(max_length=100)
    slug = models.SlugField(unique=True, max_length=100, allow_unicode=True)
    assets = models.ManyToManyField(Asset, related_name="collections", blank=True)
    is_open = models.BooleanField(
        "open to everyone",
        default=True,
        db_default=True,
        help_text="Else it is seen by those alone who are given it below.",
    )

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        triggers = history("collection", "name", "slug", "is_open", collection="id")
        constraints = [
            one_of_a_name("name", "one_collection_per_name", "There is a collection of this name."),
            one_of_a_name("slug", "one_collection_per_slug", "There is a collection of this slug."),
        ]

    def __str__(self) -> str:
        return self.name


class CollectionAsset(Collection.assets.through):  # type: ignore[name-defined]
    """The link of an asset with a collection, for its triggers."""

    class Meta:
        proxy = True
        triggers = history(
            "in_collection", "collection", "asset", collection="collection", asset="asset"
        )
