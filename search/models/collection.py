from django.db import models

from search.models.asset import Asset


class Collection(models.Model):
    """A set of assets that people have put together."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True, max_length=100)
    assets = models.ManyToManyField(Asset, related_name="collections", blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
