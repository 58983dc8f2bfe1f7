"""The Celery app with something broken on purpose; `-A tests.support.sabotage` runs a worker of it.

SABOTAGE names what is broken, separated by commas:

deadly      decoding a picture whose corner is magenta kills the process
slow        a batch takes a second more, so that a kill hits work under way
napping     the first batch with a cyan corner stops its process (SIGSTOP) before it writes
forgetful   what was claimed before is never claimed again (a negative control)
tokenless   whoever comes late writes all the same (a negative control)
deaf        Celery's own consumer, with publishers' timeouts (a negative control)
gullible    whatever work a file asks for is taken on, and done here (a negative control)
crowded     what was claimed before is charged and done in batches (a negative control)
"""

import io
import os
import signal
import time

import django
from celery.signals import worker_process_init

from workers.celery import app

django.setup()

from PIL import Image  # noqa: E402

from search.formats import decode as decoding  # noqa: E402
from search.formats import sandbox  # noqa: E402
from search.models.encoder_request import EncoderRequestQuerySet  # noqa: E402
from search.models.promise import Promise, PromiseQuerySet  # noqa: E402
from workers.tasks import embeddings, renditions  # noqa: E402

__all__ = ["app"]

MAGENTA, CYAN = (255, 0, 255), (0, 255, 255)
embed, claim_again = embeddings.embed, PromiseQuerySet.claim_again
derive, picture_for = renditions.derive, embeddings.picture_for
claim_request = EncoderRequestQuerySet.claim


def corner_is(image, colour) -> bool:
    return max(abs(a - b) for a, b in zip(image.getpixel((2, 2)), colour, strict=True)) < 40


def deadly(embedding, **options):
    image = picture_for(embedding, **options)
    die_of(image)
    return image


def deadly_to_derive(*order):
    made = derive(*order)
    die_of(Image.open(io.BytesIO(next(iter(made.renditions.values())))))
    return made


def die_of(image) -> None:
    if corner_is(image, MAGENTA):
        os.kill(os.getpid(), signal.SIGKILL)


def napping(embedding, **options):
    image = picture_for(embedding, **options)
    # Only once: whoever takes over must be able to.
    if corner_is(image, CYAN) and not os.path.exists(NAP):
        open(NAP, "w").close()
        os.kill(os.getpid(), signal.SIGSTOP)
    return image


NAP = os.path.join(os.environ.get("VAR_DIR", "."), "nap")


def slow(claimed, encoder) -> None:
    if claimed:
        time.sleep(1)
    embed(claimed, encoder)


def forgetful(self):
    return []


def claim_once(self, **changes):
    return claim_request(self.filter(claims=0), **changes)


def crowded(self):
    from django.db.models import F

    self._give_up()
    claimed_before = self.claimable().filter(claims__gt=0).order_by("claims", "pk")[:16]
    return list(self.lease(claimed_before, attempts=F("attempts") + 1).select_related("asset"))


def tokenless(self):
    return type(self)._default_manager.filter(pk=self.pk)


@worker_process_init.connect
def break_things(**kwargs) -> None:
    for fault in os.environ["SABOTAGE"].split(","):
        FAULTS[fault]()


def deaf() -> None:
    """Nothing to do in the child: the consumer is the parent's."""


if "deaf" in os.environ.get("SABOTAGE", "").split(","):
    app.conf.worker_consumer = "celery.worker.consumer:Consumer"

FAULTS = {
    "deaf": deaf,
    "deadly": lambda: [
        setattr(embeddings, "picture_for", deadly),
        setattr(renditions, "derive", deadly_to_derive),
    ],
    "napping": lambda: setattr(embeddings, "picture_for", napping),
    "slow": lambda: setattr(embeddings, "embed", slow),
    "forgetful": lambda: [
        setattr(PromiseQuerySet, "claim_again", forgetful),
        setattr(EncoderRequestQuerySet, "claim", claim_once),
    ],
    "gullible": lambda: [
        setattr(decoding, "check_work", lambda data, name: None),
        setattr(sandbox, "run", lambda work, file, *args: work(file, *args)),
    ],
    "crowded": lambda: setattr(PromiseQuerySet, "claim_again", crowded),
    "tokenless": lambda: [
        setattr(c, "mine", tokenless) for c in (Promise, *Promise.__subclasses__())
    ],
}
