"""Two labels or collections that are one: all that the others have goes to the one that stays."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, Model, OuterRef

from search.library import label_suggestions
from search.models import Asset, AssetLabel, Collection, Label, OldName, Rejection, SavedName, Term


def merge_labels(label: Label, others: Sequence[Label]) -> None:
    """What people said by the other labels they say by this one, of which they become synonyms.

    What encoders suggested by the others goes with them: its scores were of other words.
    """
    with transaction.atomic():
        for other in others:
            _move_person_labels(label, other)
            _move_rejections(label, other)
        names = [name for other in others for name in (other.name, *other.synonyms)]
        label.synonyms = list(dict.fromkeys((*label.synonyms, *names)))
        label.suggested = label.suggested or any(other.suggested for other in others)
        label.save(update_fields=["synonyms", "suggested"])
        OldName.objects.lead("label", [other.name for other in others], label)
        _lead_on("label", label, others)
        label_suggestions.delete([other.pk for other in others])


def _move_person_labels(label: Label, other: Label) -> None:
    of_people = AssetLabel.objects.filter(source=AssetLabel.Source.PERSON)
    mine = of_people.filter(label=label, asset=OuterRef("asset"))
    of_people.filter(label=other).exclude(Exists(mine)).update(label=label)


def _move_rejections(label: Label, other: Label) -> None:
    mine = Rejection.objects.filter(label=label, asset=OuterRef("asset"))
    Rejection.objects.filter(label=other).exclude(Exists(mine)).update(label=label)


def merge_collections(collection: Collection, others: Sequence[Collection]) -> None:
    """What is in the others is in this one, and their terms of use hold for all of it."""
    with transaction.atomic():
        # The trash too: what is restored is in the collection that stays.
        collection.assets.add(*Asset.everything.filter(collections__in=others).distinct())
        names = [name for other in others for name in (other.name, other.slug)]
        OldName.objects.lead("collection", names, collection)
        _lead_on("collection", collection, others)
        Term.objects.filter(collection__in=others).update(collection=collection)
        Collection.objects.filter(pk__in=[other.pk for other in others]).delete()


def _lead_on(kind: str, row: Model, others: Sequence[Model]) -> None:
    """What led to one of the others, in addresses and in saved searches, leads to this row."""
    for model in (OldName, SavedName):
        model._default_manager.filter(**{f"{kind}__in": others}).update(**{kind: row})
