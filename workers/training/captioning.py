"""A decoder that says what a picture shows and where; the vision tower learns from it (LocCa)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, linear

from workers.training.losses import at_least_single


@dataclass(frozen=True, slots=True)
class LocCaVocabulary:
    """The ids that a captioner uses beside those of the tokenizer: three tasks, then places."""

    words: int  # How many ids the tokenizer has.
    bins: int = 32

    @property
    def caption(self) -> int:
        """The task: the whole picture in words."""
        return self.words

    @property
    def refer(self) -> int:
        """The task: the box of what the words name; the words are the prompt."""
        return self.words + 1

    @property
    def ground(self) -> int:
        """The task: what is in a box, in words."""
        return self.words + 2

    def place(self, x: float) -> int:
        """The id of a coordinate, 0 to 1 from the left or the top."""
        return self.words + 3 + max(0, min(int(x * self.bins), self.bins - 1))

    def __len__(self) -> int:
        return self.words + 3 + self.bins


class Captioner(nn.Module):
    """A small decoder that looks at the patches of a picture (LocCa, arXiv:2403.19596).

    Used in training only: what it needs to know, the vision tower has to see. The tasks are no more
    than how a sequence begins.
    """

    def __init__(
        self,
        symbols: int,
        patch_width: int,
        *,
        width: int = 128,
        layers: int = 2,
        heads: int = 4,
        longest: int = 72,
    ) -> None:
        super().__init__()
        self.symbols = nn.Embedding(symbols, width)
        self.hidden_symbol = nn.Parameter(torch.zeros(width))
        self.positions = nn.Parameter(torch.randn(longest, width) * 0.02)
        self.look = nn.Linear(patch_width, width)
        layer = nn.TransformerDecoderLayer(
            width, heads, 4 * width, dropout=0, activation="gelu", batch_first=True, norm_first=True
        )
        self.decoder = nn.TransformerDecoder(layer, layers, norm=nn.LayerNorm(width))
        # The same table guesses symbols, so unit rows would make the first guesses far too sure.
        nn.init.normal_(self.symbols.weight, std=0.02)

    def forward(
        self,
        patches: Tensor,
        pictures: Tensor,
        sequences: Tensor,
        targets: Tensor,
        hidden: Tensor | None = None,
        *,
        filling: Tensor | None = None,
    ) -> Tensor:
        """The mean cross-entropy over the target positions, each guessed from those before it.

        `patches` has the shape (pictures, patches, patch width). Of each sequence, `pictures` (n,)
        tells which of them it is about, `sequences` (n, length) its symbols, `targets`
        (n, length) is true at the positions to guess; the first is its task and never one. Where
        `hidden` (n,) is true, the decoder gets the task alone and must guess the whole sequence
        from the picture at once (CapPa, arXiv:2306.07915). Where `filling` (pictures, patches) is
        true, there is no patch.
        """
        inputs = self._inputs(sequences[:, :-1], hidden)
        length = inputs.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=inputs.device).triu(1)
        seen = self.look(patches)[pictures]
        unseen = None if filling is None else filling[pictures]
        # Sequences are short: the fused kernel's backward pass took a third of all this on a CPU.
        with sdpa_kernel(SDPBackend.MATH):
            states = self.decoder(
                inputs,
                seen,
                tgt_mask=later,
                tgt_is_causal=True,
                memory_key_padding_mask=unseen,
            )
        # Few positions are targets, and the product with the table costs most.
        places = targets[:, 1:]
        guesses = at_least_single(linear(states[places], self.symbols.weight))
        total = cross_entropy(guesses, sequences[:, 1:][places], reduction="sum")
        return total / places.sum().clamp(min=1)

    def _inputs(self, sequences: Tensor, hidden: Tensor | None) -> Tensor:
        symbols = self.symbols(sequences)
        if hidden is not None:
            is_task = torch.arange(sequences.shape[1], device=sequences.device) == 0
            is_visible = is_task | ~hidden[:, None]
            symbols = torch.where(is_visible[..., None], symbols, self.hidden_symbol)
        return symbols + self.positions[: sequences.shape[1]]
