"""What the tests of labels have in common."""

from search.models import AssetLabel, Encoder, Label
from workers.tasks import labels

SURE = 0.9  # Colours of one name score 1 with each other, others far less.


def make_label(name, *, threshold=SURE, **fields) -> Label:
    """A label of the vocabulary."""
    return Label.objects.create(name=name, suggested=True, threshold=threshold, **fields)


def catch_up() -> None:
    """What the query worker does when the bell rings."""
    labels.do()


def suggested() -> list[tuple[str, str]]:
    """(asset, label) of every suggestion."""
    rows = AssetLabel.objects.filter(source="encoder").order_by("asset__title", "label__name")
    return [(row.asset.title, row.label.name) for row in rows]


def promote(encoder: Encoder) -> None:
    Encoder.objects.filter(state="serving").update(state="ready")
    Encoder.objects.filter(pk=encoder.pk).update(state="serving")
