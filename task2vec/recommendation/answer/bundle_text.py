"""How much of an answer comes from bundles, which others made."""

from collections.abc import Sequence

import numpy as np

from task2vec.data.wording import few, plural, shown
from task2vec.messages.recommendations import Recommendation
from task2vec.recommendation.answer.question import Question
from task2vec.recommendation.answer.score_breakdown import Influence


def of_bundles(
    question: Question, influence: Influence, ranked: Sequence[Recommendation]
) -> list[str]:
    """Return the sentence on what bundles brought, [] where they brought no known task.

    What their gains weigh is how much they, summed, move the score of the model that they move
    most: see `Influence.moved`.
    """
    tasks = {id_: task.bundle for id_, task in question.tasks.items() if task.bundle is not None}
    if not tasks:
        return []
    gains = sum(
        len(question.gains.of(model.id, task))
        for model in question.known_models()
        for task in tasks
    )
    names = few(sorted(set(tasks.values())), shown)
    text = (
        f"Of all this, {plural(len(tasks), 'known task')} and {plural(gains, 'gain')} come from "
        f"{plural(len(set(tasks.values())), 'bundle')} ({names})"
    )
    most = _moved_most(question, influence, ranked)
    if most is not None:
        model, moved = most
        text += (
            f", which move expected gains by up to {100 * abs(moved):.1f} points: that of "
            f"{shown(model)} by {100 * moved:+z.1f}"
        )
    return [
        f"{text}. To leave them out, answer without bundles: `--no-bundles`, or `bundles=False` in "
        "Python."
    ]


def _moved_most(
    question: Question, influence: Influence, ranked: Sequence[Recommendation]
) -> tuple[str, float] | None:
    """Return the listed model that the gains of bundles move most, and by how much."""
    theirs = [task.bundle is not None for task in question.tasks.values()]
    cells = influence.model.seen.cells.tasks[: influence.outcomes]
    # The target, which is none of them, comes last.
    rows = np.flatnonzero(np.array([*theirs, False])[cells])
    if not len(rows):
        return None
    ids = {model.name: model.id for model in question.models}
    moved = {
        each.model: float(influence.moved(ids[each.model])[rows].sum())
        for each in ranked
        if ids[each.model] != question.default
    }
    return max(moved.items(), key=lambda pair: abs(pair[1]), default=None)
