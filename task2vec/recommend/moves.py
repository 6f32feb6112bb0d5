"""The score of a model as a sum: what was expected of it, and what moved that."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from task2vec.recommend.gain_model.scales import FAR
from task2vec.recommend.influence import Influence
from task2vec.recommend.question import Question
from task2vec.recommend.world import Matrix
from task2vec.types import ModelRecord

#: The most moves, and neighbours, that are listed per model: those that moved its score most.
_MOST = 10


class MoveKind(StrEnum):
    """What a move comes from.

    ``expert``: being an expert of another task at all; ``source_task``: how near that task is;
    ``published``: the published prior of a plain model; the others as `EvidenceKind` has them.
    """

    EXPERT = "expert"
    SOURCE_TASK = "source_task"
    PUBLISHED = "published"
    OUTCOME = "outcome"
    LINEAR_PROBE = "linear_probe"
    FINE_TUNING = "fine_tuning"


@dataclass(frozen=True)
class Move:
    """What ``moved`` a score, in fractions of accuracy.

    An outcome or a measurement has a ``gain`` of a ``model``; ``task`` is the known task that it is
    from, None for the target itself, at this ``distance``.
    """

    kind: MoveKind
    moved: float
    model: str | None = None
    task: str | None = None
    distance: float | None = None
    gain: float | None = None


@dataclass(frozen=True)
class NeighbourMoves:
    """By how much all ``outcomes`` on a known task moved a score together."""

    task: str
    distance: float
    outcomes: int
    moved: float


@dataclass(frozen=True)
class ScoreMoves:
    """The ``score`` of a model as a sum.

    ``score = prior + by_outcomes + by_measuring``: what was expected before any outcome, what the
    ``outcomes`` moved, and what was measured on the target's own images. ``moves`` are the single
    ones, those of the prior first, then the largest; with ``rest``, that of ``rest_count`` smaller
    ones, they add up to the score. Of the default, which gains are over, all are 0. ``neighbours``
    are the known tasks with outcomes, the largest moves first.
    """

    model: str
    score: float
    prior: float
    by_outcomes: float
    by_measuring: float
    outcomes: int
    moves: tuple[Move, ...]
    rest: float
    rest_count: int
    neighbours: tuple[NeighbourMoves, ...]


def moves_of(question: Question, influence: Influence, model: ModelRecord) -> ScoreMoves:
    """Return the score of a model as the sum that the gain model made of it."""
    if model.id == question.default:
        return ScoreMoves(model.name, 0.0, 0.0, 0.0, 0.0, 0, (), 0.0, 0, ())
    moved, outcomes = influence.moved(model.id), influence.outcomes
    before = _prior(question, influence, model)
    order = [int(i) for i in np.argsort(-np.abs(moved), kind="stable")]
    prior = influence.prior(model.id)
    by_outcomes, by_measuring = float(moved[:outcomes].sum()), float(moved[outcomes:].sum())
    names = {record.id: record.name for record in (*question.models, *question.others)}
    return ScoreMoves(
        model=model.name,
        score=prior + by_outcomes + by_measuring,
        prior=prior,
        by_outcomes=by_outcomes,
        by_measuring=by_measuring,
        outcomes=outcomes,
        moves=(*before, *(_move(influence, names, i, float(moved[i])) for i in order[:_MOST])),
        rest=float(moved[order[_MOST:]].sum()),
        rest_count=len(order[_MOST:]),
        neighbours=_neighbours(influence, moved),
    )


def _prior(question: Question, influence: Influence, model: ModelRecord) -> list[Move]:
    prior = influence.prior(model.id)
    if model.task is None:
        return [Move(MoveKind.PUBLISHED, prior, model=model.name)] if prior else []
    source = question.tasks.get(model.task)
    if source is None:
        return [Move(MoveKind.EXPERT, prior, model=model.name)]
    near = Move(
        MoveKind.SOURCE_TASK,
        prior - FAR,
        model=model.name,
        task=source.name,
        distance=source.symmetric,
    )
    return [Move(MoveKind.EXPERT, FAR, model=model.name), near]


def _move(influence: Influence, names: dict[str, str], row: int, moved: float) -> Move:
    seen, world = influence.model.seen, influence.world
    task = int(seen.cells.tasks[row])
    here = task == influence.target
    return Move(
        kind=MoveKind(influence.kind(row).value),
        moved=moved,
        model=names[world.models[seen.cells.models[row]]],
        task=None if here else world.tasks[task],
        distance=float(world.symmetric[task, influence.target]),
        gain=float(seen.gains[row]),
    )


def _neighbours(influence: Influence, moved: Matrix) -> tuple[NeighbourMoves, ...]:
    world, by_task = influence.world, defaultdict[int, list[float]](list)
    for row in range(influence.outcomes):
        by_task[int(influence.model.seen.cells.tasks[row])].append(float(moved[row]))
    told = [
        NeighbourMoves(
            task=world.tasks[task],
            distance=float(world.symmetric[task, influence.target]),
            outcomes=len(moves),
            moved=sum(moves),
        )
        for task, moves in by_task.items()
        if task != influence.target
    ]
    return tuple(sorted(told, key=lambda each: (-abs(each.moved), each.task))[:_MOST])
