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
        """The task: where what the words name is; they are given, the box follows."""
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
        asked: Tensor,
        hidden: Tensor | None = None,
        *,
        filling: Tensor | None = None,
    ) -> Tensor:
        """The mean cross-entropy over the asked positions, each guessed from those before it.

        `patches` has the shape (pictures, patches, patch width). Of each sequence, `pictures` (n,)
        tells which of them it is about, `sequences` (n, length) its symbols, `asked` (n, length)
        the positions to guess; the first is its task and never asked. Where `hidden` (n,) is true,
        all but the task is kept from the decoder, so that it must be seen in the picture at once
        (CapPa, arXiv:2306.07915). Where `filling` (pictures, patches) is true, there is no patch.
        """
        given = self._given(sequences[:, :-1], hidden)
        length = given.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=given.device).triu(1)
        seen = self.look(patches)[pictures]
        unseen = None if filling is None else filling[pictures]
        # Sequences are short: the fused kernel's backward pass took a third of all this on a CPU.
        with sdpa_kernel(SDPBackend.MATH):
            said = self.decoder(
                given,
                seen,
                tgt_mask=later,
                tgt_is_causal=True,
                memory_key_padding_mask=unseen,
            )
        # Of the positions few are asked, and the table is what costs most.
        places = asked[:, 1:]
        guesses = at_least_single(linear(said[places], self.symbols.weight))
        total = cross_entropy(guesses, sequences[:, 1:][places], reduction="sum")
        return total / places.sum().clamp(min=1)

    def _given(self, sequences: Tensor, hidden: Tensor | None) -> Tensor:
        symbols = self.symbols(sequences)
        if hidden is not None:
            kept = torch.arange(sequences.shape[1], device=sequences.device) == 0
            shown = kept | ~hidden[:, None]
            symbols = torch.where(shown[..., None], symbols, self.hidden_symbol)
        return symbols + self.positions[: sequences.shape[1]]
