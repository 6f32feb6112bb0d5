"""The score of a model as a sum: what was expected of it, and what moved that."""

from collections import defaultdict

import numpy as np

from task2vec.messages.explanations import Move, MoveKind, NeighbourMoves, ScoreMoves
from task2vec.messages.models import Model
from task2vec.messages.recommendations import EvidenceKind
from task2vec.recommendation.answer.belief import Judged
from task2vec.recommendation.answer.question import KnownTask, Question
from task2vec.recommendation.evidence.world import Matrix
from task2vec.recommendation.gain_model.kernel import FAR, Cells


class Influence:
    """The influences behind a judgement, each model's computed once.

    The outcomes seen come first, in the order of `Seen`, then what was measured on the target's own
    images.
    """

    def __init__(self, judged: Judged) -> None:
        self.model, self.measurements = judged.model, judged.measurements
        self.world = judged.model.world
        self.target = len(self.world.tasks) - 1
        self._number = {id_: i for i, id_ in enumerate(self.world.models)}
        self._rows: dict[str, Matrix] = {}

    @property
    def outcomes(self) -> int:
        """The number of outcomes; what is behind them was measured on the target's images."""
        return len(self.model.seen.cells) - len(self.measurements)

    def prior(self, model: str) -> float:
        """Return the gain that was expected of a model, by its id, before all of that."""
        return float(self.model.prior(self._cell(model))[0])

    def moved(self, model: str) -> Matrix:
        """Return (n,) by how much each moved the expected gain of a model, by its id.

        With the prior they add up to it.
        """
        if model not in self._rows:
            seen = len(self.model.seen.cells)
            row = self.model.influence(self._cell(model))[0] if seen else np.zeros(0)
            self._rows[model] = row
        return self._rows[model]

    def kind(self, row: int) -> EvidenceKind:
        """Return what one of the n is."""
        if row < self.outcomes:
            return EvidenceKind.OUTCOME
        return self.measurements[row - self.outcomes]

    def _cell(self, model: str) -> Cells:
        return Cells(np.array([self._number[model]]), np.array([self.target]))


#: The most moves, and neighbours, that are listed per model: those that moved its score most.
_MOST = 10


def moves_of(question: Question, influence: Influence, model: Model) -> ScoreMoves:
    """Return the score of a model as the sum that the gain model made of it."""
    if model.id == question.default:
        moved, outcomes, prior = np.zeros(0), 0, 0.0
    else:
        moved, outcomes = influence.moved(model.id), influence.outcomes
        prior = influence.prior(model.id)
    before = _prior(question, prior, model)
    order = [int(i) for i in np.argsort(-np.abs(moved), kind="stable")]
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
        neighbours=_neighbours(influence, moved[:outcomes]),
    )


def _prior(question: Question, prior: float, model: Model) -> list[Move]:
    if model.task is None:
        return [_expected(MoveKind.PUBLISHED, prior, model)] if prior else []
    source = question.tasks.get(model.task)
    if source is None:
        return [_expected(MoveKind.EXPERT, prior, model)]
    near = _expected(MoveKind.SOURCE_TASK, prior - FAR, model, source)
    return [_expected(MoveKind.EXPERT, FAR, model), near]


def _expected(kind: MoveKind, moved: float, model: Model, source: KnownTask | None = None) -> Move:
    return Move(
        kind=kind,
        moved=moved,
        model=model.name,
        task=source and source.name,
        distance=source and source.symmetric,
        gain=None,
    )


def _move(influence: Influence, names: dict[str, str], row: int, moved: float) -> Move:
    seen, world = influence.model.seen, influence.world
    task = int(seen.cells.tasks[row])
    here = task == influence.target
    return Move(
        kind=influence.kind(row),
        moved=moved,
        model=names[world.models[seen.cells.models[row]]],
        task=None if here else world.tasks[task],
        distance=float(world.symmetric[task, influence.target]),
        gain=float(seen.gains[row]),
    )


def _neighbours(influence: Influence, moved: Matrix) -> tuple[NeighbourMoves, ...]:
    world, by_task = influence.world, defaultdict[int, list[float]](list)
    for row, by in enumerate(moved):
        by_task[int(influence.model.seen.cells.tasks[row])].append(float(by))
    neighbours = [
        NeighbourMoves(
            task=world.tasks[task],
            distance=float(world.symmetric[task, influence.target]),
            outcomes=len(moves),
            moved=sum(moves),
        )
        for task, moves in by_task.items()
        if task != influence.target
    ]
    return tuple(sorted(neighbours, key=lambda each: (-abs(each.moved), each.task))[:_MOST])
