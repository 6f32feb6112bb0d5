"""The tables of one kind as arrays: what each rule got, and what was promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np

from research.final_evaluation.evaluation import STANDARD
from research.final_evaluation.plan import shots_of, shots_text
from research.final_evaluation.tables import (
    FOLDER,
    Finished,
    Promised,
    Taken,
    path_of,
    read,
)
from research.final_evaluation.training import tried
from research.recipes.tables import RecipeCell
from research.recipes.tables import read as read_cells
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.evidence.world import Matrix
from task2vec.recommendation.measure.probe_accuracy import (
    PairedGain,
    ProbeAccuracy,
    paired_gain,
)
from task2vec.types.tuning import Recipe

Key = tuple[str, str, int]


@dataclass(frozen=True, eq=False)
class Results:
    """All that was found: who was ``finished``, what rules took, promises, and trained cells.

    Rows of who was stopped in the middle are left out, and of rows that agree in all but numbers
    the last counts.
    """

    finished: Mapping[Key, Finished]
    taken: Mapping[tuple[Key, str, str], Taken]
    promised: Sequence[Promised]
    cells: Mapping[tuple[Key, str, str], RecipeCell]

    def cell(self, key: Key, model: str, recipe: Recipe) -> RecipeCell | None:
        """Return the training of a model by a recipe, None where there was none."""
        images = self.finished[key].training
        return self.cells.get((key, model, tried(recipe, images).value))

    def gain(self, key: Key, model: str, recipe: Recipe) -> PairedGain | None:
        """Return the gain of a model over the default by the same recipe, with its test's noise."""
        own, plain = self.cell(key, model, recipe), self.cell(key, DEFAULT, recipe)
        if own is None or plain is None:
            return None
        return paired_gain(ProbeAccuracy(own.correct), ProbeAccuracy(plain.correct))

    def got(self, key: Key, setting: str, rule: str) -> RecipeCell | None:
        """Return what a rule got, None where its model was not trained."""
        row = self.taken.get((key, setting, rule))
        return None if row is None else self.cell(key, row.model, Recipe(row.recipe))

    def standard(self, key: Key) -> RecipeCell:
        """Return the default, trained by the standard recipe."""
        cell = self.cell(key, DEFAULT, STANDARD)
        assert cell is not None, "it is trained for everybody"
        return cell

    @property
    def shots(self) -> list[int | None]:
        """The numbers of images a class that there are trials of, the fewest first."""
        texts = {key[1] for key in self.finished}
        return sorted(map(shots_of, texts), key=lambda shots: inf if shots is None else shots)

    def of(self, shots: int | None) -> list[Key]:
        """Return the trials with so many images a class, in the order of the plan."""
        return [key for key in self.finished if key[1] == shots_text(shots)]

    def families(self, keys: Sequence[Key]) -> list[str]:
        """Return the family of each."""
        return [self.finished[key].family for key in keys]

    def superfamilies(self, keys: Sequence[Key]) -> list[str]:
        """Return the superfamily of each."""
        return [self.finished[key].superfamily for key in keys]


def read_results(kind: str, folder: Path = FOLDER) -> Results:
    """Read the tables of the fresh tasks, or of trials on development tasks."""
    finished = {row.key: row for row in read(path_of(kind, Finished, folder), Finished)}
    taken = read(path_of(kind, Taken, folder), Taken)
    promised = read(path_of(kind, Promised, folder), Promised)
    cells = read_cells(path_of(kind, RecipeCell, folder))
    last = {
        (row.key, row.setting, row.rule, row.model, row.recipe): row
        for row in promised
        if row.key in finished
    }
    return Results(
        finished,
        {(row.key, row.setting, row.rule): row for row in taken if row.key in finished},
        tuple(last.values()),
        {((c.target, shots_text(c.shots), c.draw), c.model, c.recipe.value): c for c in cells},
    )


def halves(cell: RecipeCell) -> tuple[float, float]:
    """Return the accuracies on every other test image, and on the ones between."""
    return float(cell.correct[::2].mean()), float(cell.correct[1::2].mean())


def crossed_gain(results: Results, key: Key, setting: str, rules: Sequence[str]) -> float:
    """Return the gain of the best model in hindsight, chosen by images that do not judge it.

    The models are those that any of the ``rules`` took in the setting, and the default, all by the
    recipe of the first rule. Where the target has another draw, they are chosen by that one and
    judged by this one, as far as they were trained on both. Else every other test image chooses and
    the ones between judge, and the other way round; frames of one object may be on both sides, and
    the training is the same, which flatters.
    """
    first = results.taken[key, setting, rules[0]]
    recipe = Recipe(first.recipe)
    names = {
        results.taken[key, setting, r].model for r in rules if (key, setting, r) in results.taken
    }
    models = sorted({DEFAULT, *names})
    other = next(
        (k for k in results.finished if k[:2] == key[:2] and k[2] != key[2]),
        None,
    )
    if other is not None:
        both = [
            m
            for m in models
            if results.gain(key, m, recipe) is not None
            and results.gain(other, m, recipe) is not None
        ]
        chosen = max(both, key=lambda m: _gain(results, other, m, recipe))
        return _gain(results, key, chosen, recipe)
    cells = [results.cell(key, model, recipe) for model in models]
    sides: Matrix = np.array([halves(cell) for cell in cells if cell is not None])
    plain = results.cell(key, DEFAULT, recipe)
    assert plain is not None, "the default is trained by every recipe that is named"
    sides = sides - np.array(halves(plain))
    return float(sides[np.argmax(sides[:, 1]), 0] + sides[np.argmax(sides[:, 0]), 1]) / 2


def _gain(results: Results, key: Key, model: str, recipe: Recipe) -> float:
    found = results.gain(key, model, recipe)
    assert found is not None, "only what was trained is compared"
    return found.gain
