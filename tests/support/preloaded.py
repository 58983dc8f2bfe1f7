"""The Celery app of the test stacks: `-A tests.support.preloaded` has imported torch beforehand.

A child that is forked from its worker encodes after 0.2 CPU-seconds, where one that has to import
torch and transformers takes 2.5 to 4.3. In production the parent stays small instead.
"""

from importlib import import_module
from pkgutil import iter_modules

import torch

from workers import encoders
from workers.celery import app

__all__ = ["app"]

# OpenMP's threads do not survive a fork, so none are started here, nor in the children, which
# share two cores with everything else.
torch.set_num_threads(1)
for module in iter_modules(encoders.__path__):
    import_module(f"{encoders.__name__}.{module.name}")
