from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.expressions import RawSQL

from search.models.grant import GrantQuerySet
from search.models.user import User


def sees_all(user: User | AnonymousUser) -> bool:
    """Whether a person who may search sees every asset of the library."""
    return settings.LIBRARY_OPEN or user.is_superuser


class AudienceQuerySet(models.QuerySet["Audience"]):
    def granted(self, grants: GrantQuerySet) -> RawSQL:
        """The numbers of those who see what everyone sees or what these grants are to, as one
        value: to put thousands of them into a statement one by one takes 50 ms.

        Looked up beforehand: a subquery that a walk by the index may ask at each of its steps
        keeps PostgreSQL from it.
        """
        collections = grants.values("collection")
        theirs = Audience.collections.through.objects.filter(collection__in=collections)
        everyone = self.filter(key="").values_list("pk", flat=True)
        numbers = everyone.union(theirs.values_list("audience", flat=True))
        return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{','.join(map(str, numbers))}}}"])


class Audience(models.Model):
    """Who may see assets by way of collections: those who may see any of these.

    Thousands of assets are in the same few sets of collections, so that a statement asks for a few
    numbers, and for no row of each asset. Triggers keep it true (search/sql/audiences.sql): an
    asset in no collection has none, and one in any open collection that whose key is empty.
    """

    # The ids of its collections, in order, with commas between.
    key = models.TextField(unique=True, editable=False)
    collections = models.ManyToManyField("search.Collection", related_name="audiences")

    objects = AudienceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key or "everyone"
