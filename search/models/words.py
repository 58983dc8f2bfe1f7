from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from search.models.asset import Asset


class AssetWords(models.Model):
    """The words that an asset is found by; triggers of the database keep them true.

    Weights: A title, B label with its synonyms, C file name and collection, D description. Not
    columns of Asset: no page should fetch them, and a label that comes to thousands of assets
    should not rewrite those.
    """

    asset = models.OneToOneField(
        Asset,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="asset_words",
        editable=False,
    )
    words = SearchVectorField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "words of assets"
        indexes = [GinIndex(fields=["words"], name="asset_words")]

    def __str__(self) -> str:
        return f"the words of {self.asset}"
