from django.db import models
from django.db.models import Q

from search.models.collection import Collection
from search.models.label import Label
from search.models.user import User

# What it may lead to, and the field by which a query names that.
KINDS = {"label": "name", "collection": "slug", "account": "username"}


class ToOne(models.Model):
    """What leads to a label, a collection or an account, and goes with it."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, null=True)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, null=True)
    account = models.ForeignKey(User, on_delete=models.CASCADE, null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(label__isnull=False, collection=None, account=None)
                | Q(label=None, collection__isnull=False, account=None)
                | Q(label=None, collection=None, account__isnull=False),
                name="%(class)s_leads_to_one",
            )
        ]

    @property
    def kind(self) -> str:
        """What it leads to: label, collection or account."""
        return next(kind for kind in KINDS if getattr(self, f"{kind}_id"))

    @property
    def name_today(self) -> str:
        """What that is called today, as it stands in a query."""
        return getattr(getattr(self, self.kind), KINDS[self.kind])
