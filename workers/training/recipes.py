"""What decides how a training run goes."""

from dataclasses import dataclass

NAFLEX = "siglip2-naflex"
TOWERS = ("all", "locked-image", "lora")
MOST_PICTURES = 32_000  # Maximum number of drawings.


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result of a run, but for its pictures and captions.

    Its fields stand in saved states: renaming one makes them refuse to resume.
    """

    family: str = "siglip2"
    steps: int = 5000
    seed: int = 0
    batch: int = 64
    side: int = 128  # Pixels.
    # Of Muon, for the matrices within the towers, and of AdamW for the rest.
    matrix_rate: float = 1e-2
    learning_rate: float = 3e-3
    word_rate: float = 1.5e-2  # Of token embeddings and the words of facts.
    weight_decay: float = 0.05
    # What each term weighs beside the pairs' own loss. After 500 steps R@10 of 600 was 0.97 with
    # these for patches and facts, 0.92 with 3 and 1.
    patch_question: float = 6.0
    facts: float = 0.3
    captioning: float = 0.0
    distillation: float = 0.0
    masking: float = 0.0
    # The share of the steps that show things alone, before all that the studio draws.
    alone: float = 0.3
    # The share of the steps after which a teacher joins in. Published is 0.8 (arXiv:2502.14786,
    # section 2.3); such steps take three times as long.
    teacher_joins: float = 0.9
    half: bool = False  # Saved with 16 bits a weight.
    # Of a run that starts from trained weights: which of them may change.
    towers: str = "all"

    @property
    def is_native(self) -> bool:
        """Whether pictures keep their own proportions."""
        return self.family == NAFLEX

    @property
    def pictures(self) -> int:
        """Number of drawings: never more than the steps can look at."""
        return min(MOST_PICTURES, self.steps * self.batch)

    @property
    def alone_until(self) -> int:
        """The first step that shows all that the studio draws."""
        return int(self.alone * self.steps)

    @property
    def teacher_step(self) -> int:
        """The first step at which distillation and masking count."""
        return int(self.teacher_joins * self.steps)


# Recipes by family: the same pictures, steps and sizes for all, so that only the losses differ.
RECIPES = {
    "clip": Recipe("clip"),
    "siglip": Recipe("siglip"),
    "siglip2": Recipe("siglip2", captioning=1.0, distillation=1.0, masking=0.25),
    # The same with at most as many patches, of pictures that keep their proportions. As published
    # (arXiv:2502.14786, section 2.4.2) without self-distillation and masked prediction, but from
    # the first step on, not for the last tenth, and with one number of patches.
    NAFLEX: Recipe(NAFLEX, captioning=1.0),
}
