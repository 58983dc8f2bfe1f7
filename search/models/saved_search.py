from collections.abc import Collection
from typing import Any, Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse

from search.models.to_one import KINDS, ToOne
from search.models.user import User

# Filters whose values are names that people change, by what they name.
FILTERS_BY_KIND = {
    "label": ("label", "any_label", "not_label"),
    "collection": ("collection", "any_collection"),
    "account": ("owner",),
}


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A person's own, and those that others share."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(owner=user) | Q(shared=True))

    def with_names(self) -> Self:
        """Each with what `parameters_today` needs, for all of them at once."""
        kinds = (f"saved_names__{kind}" for kind in FILTERS_BY_KIND)
        return self.prefetch_related(*kinds)


class SavedSearch(models.Model):
    """A query that a person saves; its hits are not stored."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=100)
    # The canonical form of the query, as it stood in a URL then: each name with its values.
    parameters = models.JSONField()
    shared = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_search_per_owner_and_name")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("saved_search", args=[self.pk])

    def parameters_today(self) -> dict[str, list[str]]:
        """The query as it stands in a URL today: labels, collections and accounts by the names
        that they have now; one that is gone by the name that it had."""
        today = {
            (name, saved.name): saved.name_today
            for saved in self.saved_names.all()
            for name in FILTERS_BY_KIND[saved.kind]
        }
        return {
            name: [today.get((name, value), value) for value in values]
            for name, values in self.parameters.items()
        }


class SavedNameQuerySet(models.QuerySet["SavedName"]):
    def keep(self, search: SavedSearch, kind: str, names: Collection[str]) -> None:
        """Note which rows of this kind are called so today; names of none are passed over."""
        field: Any = self.model._meta.get_field(kind)
        rows = field.related_model.objects.filter(**{f"{KINDS[kind]}__in": names})
        SavedName.objects.bulk_create(
            SavedName(search=search, name=getattr(row, KINDS[kind]), **{kind: row})
            for row in (rows if names else ())
        )


class SavedName(ToOne):
    """Which label, collection or account a saved search means by a name in its filters."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE)
    name = models.CharField(max_length=150)  # As it stands in the search's parameters.

    objects = SavedNameQuerySet.as_manager()

    class Meta(ToOne.Meta):
        default_related_name = "saved_names"

    def __str__(self) -> str:
        return f"“{self.name}” of {self.search}"


class SavedPictureQuerySet(models.QuerySet["SavedPicture"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the searches that this person may see."""
        return self.filter(search__in=SavedSearch.objects.visible_to(user))


class SavedPicture(models.Model):
    """A query picture of a saved search, for as long as that stands."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="pictures")
    token = models.CharField(max_length=32, db_index=True)
    picture = models.FileField(upload_to="saved/", max_length=200)

    objects = SavedPictureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["search", "token"], name="one_picture_per_token")
        ]

    def __str__(self) -> str:
        return f"a picture of {self.search}"


class Visit(models.Model):
    """When a person last looked at a saved search: what has come since is new to them."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="visits")
    person = models.ForeignKey(User, on_delete=models.CASCADE)
    visited = models.DateTimeField()
    # The last visit before this sitting, or the first: opened again within it, the same are new.
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["search", "person"], name="one_visit_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.search}"
