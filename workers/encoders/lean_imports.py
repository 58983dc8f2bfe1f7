"""Keeps out of a worker what transformers and torch import to train, generate and compile.

scipy and accelerate, whose presence transformers looks for, and torch._dynamo, which several
modules import for a decorator and which brings sympy and torch.distributed.tensor: 1,500 modules,
114 MB and 1.9 CPU-seconds of each process. Whoever needs the compiler in earnest gets it.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"
# What of it only marks functions for a compilation, or a place in one (each step of an optimizer).
MARKS = {"allow_in_graph", "assume_constant_result", "disable", "graph_break"}
# What it hands over to: whoever imports this, compiles.
BACK_END = "torch._inductor"
# What transformers asks before it imports packages for losses, large models and several machines.
PROBES = ("is_accelerate_available", "is_scipy_available", "is_torch_distributed_available")
# Modules of transformers, at least one of which is imported before any of those that ask.
ASKING = {
    "transformers.conversion_mapping",
    "transformers.distributed",
    "transformers.integrations",
    "transformers.loss",
}


class LeanImports(MetaPathFinder, Loader):
    """An entry of `sys.meta_path` that gives a stand-in for the compiler."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in ASKING:
            deny(PROBES)
        if name == BACK_END:
            give_way()
        if name == COMPILER or name.startswith(f"{COMPILER}."):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class StandIn(ModuleType):
    """A module of the compiler that is not imported until somebody uses it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in MARKS:
            return as_it_is
        if self.__name__ != COMPILER:  # Imported by name, maybe never to be used.
            return lambda *args, **options: getattr(real(self.__name__), name)(*args, **options)
        return getattr(real(self.__name__), name)


def as_it_is(function: Any = None, *args: Any, **options: Any) -> Any:
    """A decorator, with or without options, that changes nothing."""
    return function or as_it_is


def real(name: str) -> ModuleType:
    """The module itself, which from now on all get who ask for it."""
    give_way()
    return importlib.import_module(name)


def give_way() -> None:
    """Leave imports to others from now on, and forget the stand-ins."""
    sys.meta_path[:] = [entry for entry in sys.meta_path if not isinstance(entry, LeanImports)]
    for stand_in in [key for key, module in sys.modules.items() if isinstance(module, StandIn)]:
        del sys.modules[stand_in]


def deny(probes: Sequence[str]) -> None:
    """Have transformers do without what it asks for by these functions."""
    for module in ("transformers.utils", "transformers.utils.import_utils"):
        for probe in probes:
            setattr(importlib.import_module(module), probe, lambda *args, **options: False)
