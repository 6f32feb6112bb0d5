"""What the bundle of known tasks does in a fresh store: ``python -m research.fresh_store``.

A fresh store has the packaged models and no task of its own. Each development task asks in turn
what to start from, with the bundle that ships and without; of the bundle its family is left out, or
all families of its kind. The answer is that of the product (`recommendation.answer`), without a
measurement, and with linear probes of all packaged models on one draw of the task's images, which
are replayed from the tables of ``research/transfer``. These probes see no image that tests; the
embedding, which places the task among the known ones, may have seen some.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.bundle import SHIPPED
from research.development.tasks import SUPERFAMILIES
from research.recipes.followed import TRAINED, read_followed
from research.transfer.replayed_probes import Drawn, Probes, read_probes
from research.transfer.report import LeftOut
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.embedding_distances import task_complexity
from task2vec.distance.matrix import symmetric_matrix
from task2vec.embedding.bundle import BundleContent
from task2vec.embedding.bundle_file import read_bundle
from task2vec.messages.recommendations import Recommended
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.question import KnownTask, Question
from task2vec.recommendation.backtest.bootstrap import over_tasks, ratio_of_sums
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.bundles.usable import usable_outcomes
from task2vec.service.packaged_models import default_model_id, packaged_models
from task2vec.types.tuning import Recipe

OUT = RESULTS / "fresh_store.json"


@dataclass(frozen=True)
class Asked:
    """One question: the ``draw``, what is left out of the bundle, and what may be used."""

    draw: Drawn
    left_out: LeftOut
    bundle: bool
    measured: bool


@dataclass(frozen=True)
class Answer:
    """What was answered, and what came of it; gains over the default are fractions.

    ``gain`` is that of the chosen model by the recipe to take where it was trained so, else by
    linear probes. ``foretold`` and ``held`` are the error of the default's accuracy by linear
    probes, as it was predicted, and whether its 90 % interval held it; None where nothing was
    predicted.
    """

    gain: float
    trained: bool
    leaves: bool
    recipe: Recipe
    foretold: float | None
    held: bool | None


class Known:
    """The tasks of a bundle, with their distances, as questions about one of them need them."""

    def __init__(self, content: BundleContent) -> None:
        self.tasks = {task.name: task for task in content.tasks}
        self.families = {name: task.tags[0] for name, task in self.tasks.items()}
        embeddings = [task.embedding for task in content.tasks]
        values = np.stack([each.values for each in embeddings])
        self._symmetric = symmetric_matrix(
            values, values, prior_precision=embeddings[0].space.prior_precision
        )
        self._complexity = {t.name: float(task_complexity(t.embedding)) for t in content.tasks}
        self._place = {name: i for i, name in enumerate(self.tasks)}
        self._outcomes, _ = usable_outcomes(content)

    def question(self, asked: Asked, probes: Probes) -> Question:
        """Return the question about a target, of which no relative is known."""
        name, _, _ = asked.draw
        names = [
            other
            for other in self.tasks
            if asked.bundle and self._group(other, asked) != self._group(name, asked)
        ]
        rows = [self._place[other] for other in names]
        to_target = self._symmetric[self._place[name], rows].tolist()
        known = {
            other: KnownTask(
                name=other,
                symmetric=distance,
                asymmetric=distance - ALPHA * self._complexity[other],
                classes=self._provenance(other).classes,
                complexity=self._complexity[other],
                images=self._provenance(other).images,
                bundle="development",
            )
            for other, distance in zip(names, to_target, strict=True)
        }
        details = {other: self.tasks[other].details for other in (*names, name)}
        target = details[name]
        assert target is not None, "all tasks of the bundle have details"
        outcomes = [o for o in self._outcomes if o.task in known]
        seen = next(iter(probes.values()))
        return Question(
            models=packaged_models(),
            default=default_model_id(),
            tasks=known,
            between=self._symmetric[np.ix_(rows, rows)],
            gains=GainTable(
                outcomes,
                default_model_id(),
                theirs=known,
                shots=len(seen.correct) / self._provenance(name).classes,
            ),
            measured=probes if asked.measured else {},
            images=len(seen.correct),
            classes=self._provenance(name).classes,
            complexity=self._complexity[name],
            scatters={o: d.scatter for o, d in details.items() if o != name and d and d.scatter},
            scatter=target.scatter,
            heads={o: d.head for o, d in details.items() if o != name and d and d.head},
            head=target.head,
        )

    def _group(self, name: str, asked: Asked) -> str:
        family = self.families[name]
        return SUPERFAMILIES[family] if asked.left_out is LeftOut.SUPERFAMILY else family

    def _provenance(self, name: str) -> Any:
        return self.tasks[name].embedding.provenance


class Truth:
    """What linear probes and trainings gave in the end, by target, budget and model."""

    def __init__(self) -> None:
        self._probed = {budget: read_transfer(budget) for budget in Budget}
        self._trained: dict[tuple[str, str, Recipe], list[tuple[float, float]]] = defaultdict(list)
        cells, _ = read_followed()
        for target, model, place, images, gain in zip(
            cells.targets, cells.models, cells.recipes, cells.images, cells.tuned, strict=True
        ):
            self._trained[target, model, TRAINED[place]].append((float(images), float(gain)))

    def gain(self, model: str, recipe: Recipe, draw: Drawn, images: int) -> tuple[float, bool]:
        """Return a model's gain, and whether it is that of the recipe, at about as many images."""
        target, budget, _ = draw
        near = [
            gain
            for number, gain in self._trained[target, model, recipe]
            if 0.5 <= number / images <= 2
        ]
        if near:
            return float(np.mean(near)), True
        world = self._probed[budget].world
        row, column = world.models.index(model), world.tasks.index(target)
        return float(world.gains[row, column]) if row != world.default else 0.0, False

    def base(self, draw: Drawn) -> float:
        """Return the default's accuracy by linear probes."""
        world = self._probed[draw[1]].world
        return float(world.base[world.tasks.index(draw[0])])


def answered(known: Known, asked: Asked, probes: Probes, truth: Truth) -> Answer:
    """Ask, and look what came of it."""
    question = known.question(asked, probes)
    found = rank(question)
    recipe = found.recipe
    gain, trained = truth.gain(found.chosen, recipe, asked.draw, question.training)
    error, held = _foretold(found, truth.base(asked.draw))
    return Answer(gain, trained, not found.abstained, recipe, error, held)


def _foretold(found: Recommended, base: float) -> tuple[float | None, bool | None]:
    default = next(each for each in found.recommendations if each.score_sd == 0)
    plan = default.plan(Recipe.LINEAR_PROBE)
    if plan.accuracy is None or plan.accuracy_interval is None:
        return None, None
    low, high = plan.accuracy_interval
    return plan.accuracy - base, low <= base <= high


def judge(content: BundleContent) -> dict[str, Any]:
    """Return by what is left out, by budget and by whether it was measured, what was answered."""
    known, truth, probes = Known(content), Truth(), read_probes()
    result: dict[str, Any] = {}
    for left_out in (LeftOut.FAMILY, LeftOut.SUPERFAMILY):
        for budget in Budget:
            for measured in (False, True):
                answers = {
                    bundle: {
                        draw: answered(
                            known, Asked(draw, left_out, bundle, measured), of_draw, truth
                        )
                        for draw, of_draw in probes.items()
                        if draw[1] is budget and draw[0] in known.tasks
                    }
                    for bundle in (False, True)
                }
                key = f"{left_out}, {budget}, {'probes' if measured else 'nothing measured'}"
                result[key] = summary(answers, known)
                print(key, json.dumps(result[key]), flush=True)
    return result


def summary(answers: Mapping[bool, Mapping[Drawn, Answer]], known: Known) -> dict[str, Any]:
    """Return what the answers with and without the bundle were worth; intervals over families."""
    draws = [*answers[True]]
    families = [known.families[target] for target, _, _ in draws]
    kinds = [SUPERFAMILIES[family] for family in families]

    def mean(values: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
        over = np.array(values), np.ones(len(draws)) if weights is None else np.array(weights)
        found = over_tasks(*over, families=families, superfamilies=kinds, statistic=ratio_of_sums)
        return [round(each, 3) for each in (found.value, found.low, found.high)]

    result: dict[str, Any] = {"targets": len({target for target, _, _ in draws})}
    for bundle, name in ((False, "without"), (True, "with")):
        found = [answers[bundle][draw] for draw in draws]
        told = [float(each.foretold is not None) for each in found]
        result[name] = {
            "gain_points": mean([100 * each.gain for each in found]),
            "leaves_the_default": mean([float(each.leaves) for each in found]),
            "harms": mean([float(each.gain < 0) for each in found]),
            "gains_of_the_recipe": sum(each.trained and each.leaves for each in found),
            "recipes": {
                recipe.value: sum(each.recipe is recipe for each in found)
                for recipe in dict.fromkeys(each.recipe for each in found)
            },
            "accuracy_foretold": mean(told),
        }
        if any(told):
            errors = [100 * abs(each.foretold or 0.0) for each in found]
            held = [float(bool(each.held)) for each in found]
            result[name] |= {
                "accuracy_error_points": mean(errors, told),
                "accuracy_in_90_percent_interval": mean(held, told),
            }
    pairs = [(answers[True][draw], answers[False][draw]) for draw in draws]
    result["with_over_without"] = {
        "gain_points": mean([100 * (one.gain - other.gain) for one, other in pairs]),
        "other_model": sum(one.gain != other.gain for one, other in pairs),
        "other_recipe": sum(one.recipe is not other.recipe for one, other in pairs),
        "answers": len(pairs),
    }
    return result


def main() -> None:
    """Judge, write and print."""
    content = read_bundle(SHIPPED)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "bundle": content.sha256,
        "result": judge(content),
    }
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
