"""What simpler rules take in the same seconds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from research.final_evaluation.measurements import Measurements, probe_of
from research.final_evaluation.plan import Rule
from research.final_evaluation.tables import Passed
from task2vec.recommendation.answer.answer import simple_rules
from task2vec.recommendation.answer.question import Question


@dataclass(frozen=True)
class Choice:
    """A model, the seconds until it was taken, and how many were passed."""

    model: str
    seconds: float
    passes: int


@dataclass(frozen=True)
class Score:
    """How good a pass is, the larger the better, and the ``cost`` of it beyond the features."""

    value: Callable[[Passed], tuple[float, ...]]
    cost: Callable[[Passed], float]


#: Of equally many right answers the smaller error decides.
SCORES = {
    Rule.LOGME: Score(lambda row: (row.logme,), lambda row: row.logme_seconds),
    Rule.RIDGE: Score(lambda row: (-row.ridge,), lambda row: row.ridge_seconds),
    Rule.PROBED: Score(
        lambda row: (float(probe_of(row).correct.mean()), -row.error), lambda row: row.probing
    ),
}
#: Those that look at no image, by their names in the product's answer.
_SIMPLE = {Rule.STATIC: "average_best", Rule.NEAREST: "nearest_only"}


def choices(
    question: Question, measurements: Measurements, *, seconds: float, seed: int
) -> Iterator[tuple[Rule, Choice]]:
    """Yield what each rule takes.

    Scores are of the default and of as many models in random order as the seconds allow, the same
    order for each score. A pass begins only if, by what the last took, it will end in time. The
    images are read once, where the product reads them for each model.
    """
    yield Rule.DEFAULT, Choice(question.default, 0.0, 0)
    simple = {each.rule: each.model for each in simple_rules(question)}
    for rule, name in _SIMPLE.items():
        yield rule, Choice(simple[name] or question.default, 0.0, 0)
    others = sorted(model.id for model in question.offered() if model.id != question.default)
    order = [question.default, *np.random.default_rng(seed).permutation(others).tolist()]
    for rule, score in SCORES.items():
        yield rule, best_in_time(order, measurements, score, seconds=seconds)


def best_in_time(
    order: list[str], measurements: Measurements, score: Score, *, seconds: float
) -> Choice:
    """Return the best by a score of the models that there is time for; the first always is."""
    best, spent, count = order[0], 0.0, 0
    highest: tuple[float, ...] | None = None
    last = 0.0
    for model in order:
        if count and spent + last > seconds:
            break
        row = measurements.passed(model)
        last = row.load + row.passed + score.cost(row)
        spent += last + (0.0 if count else row.read)
        count += 1
        if count > 1 and spent > seconds:
            break
        value = score.value(row)
        # What cannot be told is no reason to take a model.
        if np.isfinite(value).all() and (highest is None or value > highest):
            best, highest = model, value
    return Choice(best, spent, count)
