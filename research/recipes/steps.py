"""How soon a better start reaches what the default ends with: ``python -m research.recipes.steps``.

On each draw of a target with `MANY` training images or more, the model of the best linear probe is
trained (the default where none beats it). Counted are the steps after which it first gets as many
test images right as the default does in the end, as a share of all steps. A training that never
gets there counts with all.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np

from research import RESULTS
from research.development.tasks import SUPERFAMILIES
from research.recipes.followed import TRAINED, as_trained, families_of
from research.recipes.plan import MANY
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import RecipeCell, read
from research.transfer.zoo import DEFAULT
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.types.tuning import Recipe

OUT = RESULTS / "recipes_steps.json"
#: Images of a class from which the goal of the final evaluation is judged.
EACH = 100


@dataclass(frozen=True)
class Race:
    """The recommended model and the default on one draw of a target.

    ``needed`` is the share of all steps after which the model first has the default's final
    accuracy, inf where it never has. ``own`` is the same of the default itself: less than 1, since
    a curve that is tested on some hundred images meets its own end by chance, too.
    """

    target: str
    recipe: Recipe
    model: str
    needed: float
    own: float


def main() -> None:
    """Count, write and print."""
    cells = read()
    document = report(cells, families_of({cell.target for cell in cells}))
    text = json.dumps(document, indent=1) + "\n"
    OUT.write_text(text, encoding="utf-8")
    print(text)


def report(cells: Sequence[RecipeCell], families: Mapping[str, str]) -> dict[str, Any]:
    """Return the steps of each recipe, with 95 % intervals over families.

    ``most_images_of_a_class`` are those that train in any of these cells: with fewer than ``EACH``
    the goal of the final evaluation is not judged by them.
    """
    found = list(races(cells))
    many = [cell.training / cell.classes for cell in cells if cell.training >= MANY]
    return {
        "training_images_at_least": MANY,
        "most_images_of_a_class": round(max(many, default=0.0), 1),
        "images_of_a_class_in_the_goal": EACH,
        **{
            recipe.value: _of_recipe([race for race in found if race.recipe is recipe], families)
            for recipe in TRAINED
        },
    }


def races(cells: Iterable[RecipeCell]) -> Iterator[Race]:
    """Yield the races of all draws with `MANY` training images or more, and two probes or more."""
    draws = defaultdict[Any, list[RecipeCell]](list)
    probes = defaultdict[Any, dict[str, float]](dict)
    for cell in cells:
        if cell.training >= MANY:
            # The linear probe is the same in every run.
            target, shots, draw, run, *_ = cell.key
            if cell.recipe is Tried.PROBE:
                probes[target, shots, draw][cell.model] = cell.accuracy
            else:
                draws[target, shots, draw, run].append(cell)
    for (target, shots, draw, _), of in draws.items():
        probed = probes[target, shots, draw]
        if len(probed) < 2:
            continue
        # The default wins a tie.
        best = max(probed, key=lambda name: (probed[name], name == DEFAULT))
        trained = {(cell.model, as_trained(cell.recipe, cell.training)): cell for cell in of}
        for recipe in TRAINED:
            plain, taken = trained.get((DEFAULT, recipe)), trained.get((best, recipe))
            if plain is not None and taken is not None:
                needed, own = (steps_to(each, plain.accuracy) for each in (taken, plain))
                whole = whole_steps(plain)
                yield Race(target, recipe, best, needed / whole, own / whole)


def whole_steps(cell: RecipeCell) -> int:
    """Return the steps of a whole training; 0 of a linear probe."""
    if cell.recipe is Tried.PROBE:
        return 0
    settings, images = FineTuningSettings(), cell.training
    return settings.epochs_for(images) * -(-images // settings.batch_for(images))


def steps_to(cell: RecipeCell, accuracy: float) -> float:
    """Return the steps after which a training first had an accuracy; inf where it never had.

    It is known at the looks of the curve only, and in the end: the true number is smaller.
    """
    for at, value in (*cell.curve, (whole_steps(cell), cell.accuracy)):
        if value >= accuracy:
            return float(at)
    return inf


def _of_recipe(found: Sequence[Race], families: Mapping[str, str]) -> dict[str, Any]:
    if not found:
        return {"draws": 0}
    names = [families[race.target] for race in found]
    kinds = [SUPERFAMILIES[name] for name in names]
    needed = np.array([min(race.needed, 1.0) for race in found])
    own = np.array([race.own for race in found])
    reached = np.array([isfinite(race.needed) for race in found], dtype=np.float64)
    values = {
        "reached": reached,
        "share_of_the_steps": needed,
        "the_same_of_the_default": own,
        "difference": needed - own,
    }
    intervals = {}
    for name, of in values.items():
        estimate = over_tasks(of, families=names, superfamilies=kinds)
        intervals[name] = [round(v, 3) for v in (estimate.value, estimate.low, estimate.high)]
    return {
        "draws": len(found),
        "families": len(set(names)),
        "default_is_recommended": sum(race.model == DEFAULT for race in found),
        **intervals,
    }


if __name__ == "__main__":
    main()
