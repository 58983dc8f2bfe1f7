from django.db import models

from search.models.asset import Asset
from search.models.names import NameField, one_of_a_name


class Collection(models.Model):
    """A set of assets that people have put together."""

    name = NameField(max_length=100)
    slug = models.SlugField(unique=True, max_length=100, allow_unicode=True)
    assets = models.ManyToManyField(Asset, related_name="collections", blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of_a_name("name", "one_collection_per_name", "There is a collection of this name."),
            one_of_a_name("slug", "one_collection_per_slug", "There is a collection of this slug."),
        ]

    def __str__(self) -> str:
        return self.name
