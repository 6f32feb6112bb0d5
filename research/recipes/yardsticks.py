"""What fine-tuning made of several starting models on the same images, from two tables of cells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from research.recipes.plan import Recipe
from research.recipes.tables import RecipeCell
from research.transfer.fine_tuned import FineTuned


class Yardstick(StrEnum):
    """By which outcome models are put in order."""

    BEST = "best recipe"
    ALL_LAYERS = "all layers"


@dataclass(frozen=True)
class Tried:
    """The models that were fine-tuned on one draw, with their accuracies as fractions.

    ``shots`` are the images of a class as the table of recipes names them, or the budget of
    `research.transfer`, after "transfer ".
    """

    target: str
    shots: str
    draw: int
    accuracies: Mapping[str, Mapping[Yardstick, float]]

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells the draw from all others."""
        return self.target, self.shots, self.draw


def tried_in_recipes(cells: Sequence[RecipeCell]) -> list[Tried]:
    """Return the draws of the recipes' cells on which two models or more trained all layers.

    All layers are trained at 3e-4, the rate that is tried on every draw. The best recipe is that
    with the largest accuracy, linear probe included; of repeated runs it is the mean.
    """
    found: dict[tuple[str, str, int], dict[str, dict[Recipe, list[float]]]] = {}
    for cell in cells:
        shots = "all" if cell.shots is None else str(cell.shots)
        models = found.setdefault((cell.target, shots, cell.draw), {})
        recipes = models.setdefault(cell.model, defaultdict(list))
        recipes[cell.recipe].append(cell.accuracy)
    return _several(
        Tried(
            *key,
            {
                model: {
                    Yardstick.BEST: max(float(np.mean(each)) for each in recipes.values()),
                    Yardstick.ALL_LAYERS: float(np.mean(recipes[Recipe.GENTLE])),
                }
                for model, recipes in models.items()
                if Recipe.GENTLE in recipes
            },
        )
        for key, models in found.items()
    )


def tried_in_transfer(cells: Sequence[FineTuned]) -> list[Tried]:
    """Return the draws of `research.transfer.fine_tuned`: linear probe and all layers at 3e-4."""
    found: dict[tuple[str, str, int], dict[str, Mapping[Yardstick, float]]] = {}
    for cell in cells:
        found.setdefault((cell.target, f"transfer {cell.budget}", 0), {})[cell.model] = {
            Yardstick.BEST: max(cell.frozen, cell.tuned),
            Yardstick.ALL_LAYERS: cell.tuned,
        }
    return _several(Tried(*key, models) for key, models in found.items())


def _several(found: Iterable[Tried]) -> list[Tried]:
    return [tried for tried in found if len(tried.accuracies) > 1]
