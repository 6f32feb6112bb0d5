"""By how much each thing that is known moved the expected gain of a model on the target."""

import numpy as np

from task2vec.messages.recommendations import EvidenceKind
from task2vec.recommend.answer.belief import Judged
from task2vec.recommend.evidence.world import Matrix
from task2vec.recommend.gain_model.kernel import Cells


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
            found = self.model.influence(self._cell(model))[0] if seen else np.zeros(0)
            self._rows[model] = found
        return self._rows[model]

    def kind(self, row: int) -> EvidenceKind:
        """Return what one of the n is."""
        if row < self.outcomes:
            return EvidenceKind.OUTCOME
        return self.measurements[row - self.outcomes]

    def _cell(self, model: str) -> Cells:
        return Cells(np.array([self._number[model]]), np.array([self.target]))
