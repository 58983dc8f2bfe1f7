"""Engines: what computes an encoder's linear layers, which are nine tenths of its work.

On a CPU it is oneDNN, which torch carries: the weights in its own layout, made once, and the
activation in the same pass. By itself torch has MKL compute them, which leaves a quarter of what
other makers' processors can do (bench/results/engines.md). In 8 bits it is oneDNN likewise.
"""

import time
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import activations

from search.refusals import Refusal
from workers.encoders import memory, weights

# What lists of encoders call them.
TORCH, ONEDNN = "torch", "oneDNN"
# Rows for which weights are laid out, those of a batch of eight pictures; any number may come.
ROWS = 1568
# Rows by which each layer proves itself, and the minimum cosine with what torch computes of them.
PROOF_ROWS = 64
# Activations that oneDNN applies itself, as it names them and their algorithm.
ACTIVATIONS = {
    activations.GELUTanh: ("gelu", "tanh"),
    activations.GELUActivation: ("gelu", "none"),
}
NONE = ("none", "none")
# Minimum step between two numbers of 8 bits, for a layer or inputs that are all 0.
LEAST_STEP = 1e-12
# Maximum time that oneDNN may take in place of torch's 1: on a processor that it has no program for
# it takes a hundred. Of so many runs that take turns the shortest counts.
MOST_TIME, RUNS = 1.5, 5
# Share of a GPU's free memory that activations may take, and how many of the widest are there at
# once. Untried: no GPU was at hand.
GPU_SHARE, AT_ONCE = 0.5, 8

Activation = tuple[str, str]


class Engine(NamedTuple):
    """What computes a model, and why it is not a faster one."""

    name: str
    fallback: Refusal | None = None


class Packed(nn.Module):
    """A linear layer and the activation behind it, by oneDNN, on weights in its own layout."""

    def __init__(self, layer: nn.Linear, activation: Activation) -> None:
        super().__init__()
        self.activation, self.bias = activation, layer.bias
        # Of which transformers asks for the type, here and there.
        self.weight = layer.weight.new_empty(0)
        # No parameter: nothing that is done to the parameters of a model can be done to it.
        self.packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), ROWS)

    def forward(self, inputs: Tensor) -> Tensor:
        name, algorithm = self.activation
        return torch.ops.mkldnn._linear_pointwise(
            inputs, self.packed, self.bias, name, [], algorithm
        )


class Int8(nn.Module):
    """The same in 8 bits: weights by a step for each output, inputs by one for all of them.

    That is made for the inputs at hand, so no picture unlike those of a calibration exceeds it.
    """

    def __init__(self, layer: nn.Linear, activation: Activation) -> None:
        super().__init__()
        self.activation, self.bias = activation, layer.bias
        self.weight = layer.weight.new_empty(0)
        weight = layer.weight.detach()
        self.steps = (weight.abs().amax(dim=1) / 127).clamp_min(LEAST_STEP)
        whole = (weight / self.steps[:, None]).round().to(torch.int8)
        self.zeros = torch.zeros(len(whole), dtype=torch.int32)
        self.packed: Tensor = torch.ops.onednn.qlinear_prepack(whole, [ROWS, layer.in_features])

    def forward(self, inputs: Tensor) -> Tensor:
        step, zero, whole = in_8_bits(inputs)
        name, algorithm = self.activation
        return torch.ops.onednn.qlinear_pointwise(
            whole,
            step,
            zero,
            self.packed,
            self.steps,
            self.zeros,
            self.bias,
            1.0,
            0,
            torch.float32,
            name,
            [],
            algorithm,
        )


def in_8_bits(inputs: Tensor) -> tuple[float, int, Tensor]:
    """Step and zero of whole numbers that cover the inputs and 0, and the inputs as such."""
    low, high = (float(bound) for bound in torch.aminmax(inputs))
    # 254 steps: by rounding the zero, either end may come to lie half a step outside.
    step = max((max(high, 0.0) - min(low, 0.0)) / 254, LEAST_STEP)
    zero = round(-min(low, 0.0) / step)
    # Conversion cuts off, so half a step is added first.
    return step, zero, inputs.mul(1 / step).add_(zero + 0.5).to(torch.uint8)


MIN_COSINES: dict[type, float] = {Packed: 0.999999, Int8: 0.999}


def install(model: nn.Module, precision: str = "fp32") -> Engine:
    """Have a model computed by the fastest engine that is right on this machine.

    Where oneDNN can't be used, torch alone goes on computing what is left, in single precision.
    """
    if weights.device() != "cpu":
        model.to(torch.bfloat16)
        return Engine(f"{weights.device()}, bf16")
    try:
        _refuse_slow(_times())
        _refuse_without_instructions(precision)
        _replace(model, _middle(model) if precision == "int8" else set())
    except Refusal as refusal:
        return Engine(TORCH, refusal)
    except (AttributeError, RuntimeError) as error:  # An operator that this build of torch lacks.
        reason = str(error).strip().splitlines()[0].rstrip(".")
        return Engine(TORCH, Refusal("engine_missing", engine=ONEDNN, reason=reason))
    return Engine(ONEDNN)


def _refuse_without_instructions(precision: str) -> None:
    # Without them oneDNN adds up in 16 bits, which overflow without a word.
    if precision == "int8" and not torch.cpu._is_vnni_supported():
        raise Refusal("int8_without_instructions")


def _middle(model: nn.Module) -> set[nn.Module]:
    """The linear layers of all blocks of the towers but the first and the last, in which 8 bits
    would cost most.
    """
    towers = [blocks for blocks in model.modules() if isinstance(blocks, nn.ModuleList)]
    return {layer for blocks in towers for block in blocks[1:-1] for layer in block.modules()}


@cache
def _times() -> float:
    """How long oneDNN takes for a large layer where torch takes 1, measured once in a process."""
    layer = nn.Linear(768, 3072).requires_grad_(False)
    inputs, ways = torch.zeros(196, 768), (layer, Packed(layer, NONE))
    runs = [[_seconds(way, inputs) for way in ways] for _ in range(RUNS)]
    theirs, ours = map(min, zip(*runs, strict=True))
    return ours / theirs


def _seconds(way: nn.Module, inputs: Tensor) -> float:
    # Of the processors: what else runs on them does not count.
    started = time.process_time()
    way(inputs)
    return time.process_time() - started


def _refuse_slow(times: float) -> None:
    if times > MOST_TIME:
        raise Refusal("engine_slow", engine=ONEDNN, times=times)


def _replace(model: nn.Module, in_8_bits: set[nn.Module]) -> None:
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            # No subclass: that of torch's own attention is never called.
            if type(layer) is not nn.Linear:
                continue
            activation = _activation_of(parent) if name == "fc1" else NONE
            kind = Int8 if layer in in_8_bits else Packed
            setattr(parent, name, _proved(layer, activation, kind))
            memory.leave_pages(layer.weight)
            if activation is not NONE:
                parent.activation_fn = nn.Identity()


def _activation_of(parent: nn.Module) -> Activation:
    """That behind the first of two layers, where oneDNN can apply it."""
    return ACTIVATIONS.get(type(getattr(parent, "activation_fn", None)), NONE)


def _proved(layer: nn.Linear, activation: Activation, kind: type[Packed] | type[Int8]) -> nn.Module:
    """The layer's replacement. Raises Refusal where it computes anything else."""
    fast = kind(layer, activation)
    inputs = torch.randn(PROOF_ROWS, layer.in_features, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, computed = _activated(layer(inputs), activation), fast(inputs)
        cosine = float(functional.cosine_similarity(expected.ravel(), computed.ravel(), dim=0))
    if not cosine >= MIN_COSINES[kind]:
        raise Refusal("engine_wrong", engine=ONEDNN, cosine=cosine)
    return fast


def _activated(outputs: Tensor, activation: Activation) -> Tensor:
    if activation is NONE:
        return outputs
    return functional.gelu(outputs, approximate=activation[1])


def carry(inputs: Any) -> Any:
    """A processor's or tokenizer's tensors, on the device of the models."""
    if weights.device() == "cuda":  # From pinned memory the copy goes on beside the computing.
        inputs = {name: tensor.pin_memory() for name, tensor in inputs.items()}
        return {name: tensor.to("cuda", non_blocking=True) for name, tensor in inputs.items()}
    return inputs.to(weights.device())


def batch_size(config: Any) -> int:
    """Pictures that are encoded at once, by the config of the model: on a GPU by its memory."""
    if weights.device() != "cuda":
        return 8
    free, _ = torch.cuda.mem_get_info()
    return pictures_in(int(GPU_SHARE * free), getattr(config, "vision_config", config))


def pictures_in(memory: int, vision: Any) -> int:
    """How many pictures have room in so many bytes, from 1 to 256."""
    patches = getattr(vision, "num_patches", 0) or (vision.image_size // vision.patch_size) ** 2
    return min(256, max(1, memory // (AT_ONCE * 2 * patches * vision.intermediate_size)))
