"""The one signal: a file is removed once the deletion of its row has committed."""

from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from search.models import Asset, Rendition


@receiver(post_delete, sender=Asset)
@receiver(post_delete, sender=Rendition)
def remove_file(sender: type, instance: Asset | Rendition, **kwargs: Any) -> None:
    file = instance.original if isinstance(instance, Asset) else instance.file
    if file:
        transaction.on_commit(partial(default_storage.delete, str(file.name)))
