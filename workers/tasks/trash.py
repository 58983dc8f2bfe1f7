"""The trash: the embeddings of many assets that were restored at once come back in small steps."""

from search.library import trash
from search.models import TrashedEmbedding


def waits() -> bool:
    return TrashedEmbedding.objects.due().exists()


def do() -> bool:
    """Give some back; whether there were any."""
    return trash.give_back(trash.AT_ONCE) > 0
