"""The one signal: a file is removed once the deletion of its row has committed."""

from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete
from django.dispatch import receiver

from search.library.storage import FOLDERS
from search.models import Asset, JudgedQuery, Rendition, SavedPicture

FIELDS = dict(FOLDERS.values())


@receiver(post_delete, sender=Asset)
@receiver(post_delete, sender=Rendition)
@receiver(post_delete, sender=JudgedQuery)
@receiver(post_delete, sender=SavedPicture)
def remove_file(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    file = getattr(instance, FIELDS[sender])
    if file:
        transaction.on_commit(partial(default_storage.delete, str(file.name)))
