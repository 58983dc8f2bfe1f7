from django.core.validators import RegexValidator
from django.db import models

from search.models.asset import Asset
from search.models.change import history
from search.models.names import NameField, one_of_a_name


class Licence(models.Model):
    """What an asset may be used for by whoever keeps to it: a vocabulary that curators extend."""

    name = NameField(max_length=120)
    # How a query names it: licence:cc-by-4.0.
    code = NameField(
        max_length=60,
        validators=[RegexValidator(r"^[\w.+-]+$", "Letters, digits, dots and hyphens, please.")],
        help_text="As people search for it: letters, digits, dots and hyphens.",
    )
    spdx = models.CharField(
        "SPDX id",
        max_length=60,
        blank=True,
        default="",
        help_text="Where it has one, as CC-BY-4.0.",
    )
    uri = models.URLField(
        "address", max_length=300, blank=True, default="", help_text="Where its text is to be read."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of_a_name("name", "one_licence_per_name", "There is a licence of this name."),
            one_of_a_name("code", "one_licence_per_code", "There is a licence of this code."),
        ]

    def __str__(self) -> str:
        return self.name


class Rights(models.Model):
    """Whose picture an asset is, as far as somebody has said so; most have no row.

    Not columns of Asset: uploads write no row here, and pages of hits read none. Who made it and
    its credit line are among the words that it is found by (search/sql/words_of_asset.sql).
    """

    asset = models.OneToOneField(
        Asset, on_delete=models.CASCADE, primary_key=True, related_name="rights", editable=False
    )
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, null=True, blank=True)
    creator = models.CharField(max_length=200, blank=True, default="")
    credit = models.CharField("credit line", max_length=300, blank=True, default="")
    source = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="Where it comes from: an agency, an address.",
    )
    notice = models.CharField("copyright notice", max_length=500, blank=True, default="")
    contact = models.CharField(
        max_length=300, blank=True, default="", help_text="Whom to ask for more than is allowed."
    )

    class Meta:
        default_related_name = "rights"
        verbose_name_plural = "rights"
        triggers = history(
            *("rights", "asset", "licence", "creator", "credit", "source", "notice", "contact"),
            asset="asset",
        )

    def __str__(self) -> str:
        return f"the rights in {self.asset}"
