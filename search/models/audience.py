from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.lookups import GreaterThan

from search.models.grant import GrantQuerySet
from search.models.user import User

# Key of the advisory lock, as in search/sql/audiences.sql: "audi" in ASCII.
ADVISORY_LOCK = 0x61756469


def sees_all(user: User | AnonymousUser) -> bool:
    """Whether a person who may search sees every asset of the library."""
    return settings.LIBRARY_OPEN or user.is_superuser


class AudienceQuerySet(models.QuerySet["Audience"]):
    def granted(self, grants: GrantQuerySet) -> bytes:
        """Which of all audiences see what everyone sees or what these grants are to: a bit for
        each, the lowest number first."""
        theirs = Audience.collections.through.objects.filter(
            collection__in=grants.values("collection")
        )
        everyone = self.filter(key="").values_list("pk", flat=True)
        return _bits(list(everyone.union(theirs.values_list("audience", flat=True))))

    def remove_unused(self) -> None:
        """Those of no asset. The empty key is everyone's, and stays."""
        unused = self.filter(assets=None).exclude(key="")
        with transaction.atomic(), connection.cursor() as cursor:
            # Nobody gives an asset one of these meanwhile; who is about to goes first.
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
            if cursor.fetchone() == (True,):
                unused.delete()


def _bits(numbers: list[int]) -> bytes:
    bits = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        bits[number // 8] |= 1 << number % 8
    return bytes(bits)


def is_among(audiences: bytes) -> Q:
    """The assets whose audience's bit is set.

    A step of a walk by an index asks it of one asset in 50 ns, and the plan is as without it:
    PostgreSQL takes "> 0" to leave a third. Of a list of 5,700 numbers it makes a table anew, or
    reads all assets rather than to ask of some (76 ms in place of 16).
    """
    bit = Func(Value(audiences), F("audience"), function="get_bit")
    within = When(audience__lt=8 * len(audiences), then=bit)
    return Q(GreaterThan(Case(within, default=0, output_field=models.IntegerField()), 0))


class Audience(models.Model):
    """Who may see assets by way of collections: those who may see any of these.

    Thousands of assets are in the same few sets of collections, so that a statement asks for a few
    numbers, and for no row of each asset. Triggers keep it true (search/sql/audiences.sql): an
    asset in no collection has none, one in any open collection that whose key is empty, and one in
    none that is open or has a grant that whose key is "-".
    """

    # The ids of its collections, in order, with commas between.
    key = models.TextField(unique=True, editable=False)
    collections = models.ManyToManyField("search.Collection", related_name="audiences")

    objects = AudienceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key or "everyone"
