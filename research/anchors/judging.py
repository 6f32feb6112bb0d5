"""How well the gain model does with and without what experts see in the anchors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from scipy.stats import norm

from research.anchors.likeness import Place, alignments, world_of_experts
from research.transfer.cascading import Fits, Ours, Scores
from research.transfer.report import LeftOut
from research.transfer.tables import Transfer
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.backtest.folds import cases
from task2vec.recommendation.backtest.run import weighted_tau
from task2vec.recommendation.evidence.world import Case, Matrix, World
from task2vec.recommendation.gain_model.kernel import Cells, Scales
from task2vec.recommendation.gain_model.posterior import Belief, GainModel, Seen
from task2vec.recommendation.prediction.intervals import normal_reach
from task2vec.recommendation.rankers import LEVELS, TRUST, Ranking

#: After how many linear probes rankings are judged.
PROBES = (0, 2, 8)
#: What is judged of a ranking; more is better of each.
MEASURES = ("density", "gain", "tau")


class Conditioned(Fits):
    """The gain model at the default scales, conditioned once for each case.

    Fitting the scales anew for each case takes a minute for every thing tried, and scales stay
    (docs/adr/0033-scales-stay.md).
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[Case, GainModel] | None = None

    def of(self, case: Case) -> GainModel:
        """Return the model of what a case's world holds."""
        if self._kept is None or self._kept[0] is not case:
            self._kept = case, self.conditioned(case)
        return self._kept[1]

    def conditioned(self, case: Case) -> GainModel:
        """Condition on the outcomes of a case."""
        return _model(case.world)

    def reach(self, case: Case) -> tuple[float, ...]:  # noqa: ARG002 - the same for all
        """Return how far intervals of a normal distribution reach."""
        return tuple(normal_reach(level) for level in LEVELS)


class ByFeatures(Conditioned):
    """Takes experts for as alike as ``products`` (E, N, N) of their features of the anchors are.

    Anchors of the target's family do not count: ``families`` (N,) are those of the anchors, and
    ``of_tasks`` (T,) those of the tasks.
    """

    def __init__(
        self,
        products: Matrix,
        *,
        families: Sequence[str],
        of_tasks: Sequence[str],
        width: float,
        place: Place,
    ) -> None:
        super().__init__()
        self._products, self._families, self._of_tasks = products, np.array(families), of_tasks
        self._width, self._place = width, place

    def conditioned(self, case: Case) -> GainModel:
        """Condition on the same outcomes, in a world where each expert has a task of its own."""
        others = np.flatnonzero(self._families != self._of_tasks[case.target])
        alike = alignments(self._products[:, others[:, None], others])
        return _model(world_of_experts(case.world, alike, width=self._width, place=self._place))


@dataclass(frozen=True)
class Told:
    """How a foretold score counts as a measurement of the gain: ``slope`` times it.

    ``own`` is the standard deviation of an error of each model's own, ``common`` of one that all
    have in common.
    """

    slope: float
    own: float
    common: float

    def after(self, belief: Belief, scores: Matrix) -> Belief:
        """Return the belief about K cells once told scores (K,), nan where there is none."""
        places = np.flatnonzero(np.isfinite(scores))
        noise = np.full((len(places), len(places)), float(self.common) ** 2)
        noise[np.diag_indices_from(noise)] += self.own**2
        return belief.after(places, self.slope * scores[places], noise)


class Foretold(Conditioned):
    """Takes foretold scores (M, T) for measurements, beside another ranker's ``base``."""

    def __init__(self, base: Fits, scores: Matrix, told: Told) -> None:
        super().__init__()
        self._base, self._scores, self._told = base, scores, told

    def conditioned(self, case: Case) -> GainModel:
        """Return the model of the base, whose beliefs have been told the scores."""
        return _Told(self._base.of(case), self._scores, self._told)


class _Told(GainModel):
    """A gain model whose beliefs about a task know its foretold scores."""

    def __init__(self, model: GainModel, scores: Matrix, told: Told) -> None:
        self._model, self._scores, self._told = model, scores, told

    def believe(self, cells: Cells) -> Belief:
        """Return what is expected of some cells."""
        found = self._scores[cells.models, cells.tasks]
        return self._told.after(self._model.believe(cells), found)


def judged(
    transfer: Transfer,
    scores: Scores,
    *,
    left: LeftOut,
    fits: Mapping[str, Fits],
    targets: Sequence[int],
    probes: Sequence[int] = PROBES,
) -> dict[tuple[str, int, str], Matrix]:
    """Return (T,) of each measure, by the name in ``fits`` and the number of probes.

    ``density`` is the mean log density of the gains of the models that were offered, each by
    itself, ``gain`` that of the model that was taken, ``tau`` weighted Kendall's. nan of tasks
    other than the ``targets``.
    """
    world = transfer.world
    found: dict[tuple[str, int, str], Matrix] = {}
    for case in cases(world, left.folds, left.families(transfer)):
        if case.target not in targets:
            continue
        for name, each in fits.items():
            ranker = Ours(name, each, scores, passes=max(probes), trust=TRUST)
            steps = [ranking for _, ranking in islice(ranker.steps(case), max(probes) + 1)]
            for count in probes:
                # Where no probe was worth it any more, the last answer stands.
                values = measures(steps[min(count, len(steps) - 1)], case, world)
                for measure, value in zip(MEASURES, values, strict=True):
                    row = found.setdefault(
                        (name, count, measure), np.full(len(world.tasks), np.nan)
                    )
                    row[case.target] = value
    return found


def measures(ranking: Ranking, case: Case, world: World) -> tuple[float, float, float]:
    """Return what `MEASURES` names, by the gains of the ``world`` that nothing is hidden of."""
    gains = world.gains[case.offered, case.target].copy()
    gains[case.offered == world.default] = 0.0
    others = case.offered != world.default
    assert ranking.sd is not None
    noise = np.square(ranking.sd) + np.nan_to_num(world.variances[case.offered, case.target])
    density = norm.logpdf(gains[others], ranking.scores[others], np.sqrt(noise[others]))
    chosen = gains[case.offered == ranking.choice]
    return float(density.mean()), float(chosen[0]), weighted_tau(ranking.scores, gains)


def mean_over_draws(
    ask: Callable[[int], dict[tuple[str, int, str], Matrix]], draws: int
) -> dict[tuple[str, int, str], Matrix]:
    """Return the means of what each draw of the target's images gave."""
    found = [ask(draw) for draw in range(draws)]
    return {key: np.asarray(np.mean([each[key] for each in found], axis=0)) for key in found[0]}


def compared(
    found: Mapping[tuple[str, int, str], Matrix], *, than: str, families: Sequence[str]
) -> dict[str, Any]:
    """Return means, and paired differences to the ranker called ``than``, over tasks with values.

    Intervals draw the ``families`` (T,). Gains are in points.
    """
    result: dict[str, Any] = {}
    for (name, count, measure), values in found.items():
        known = np.isfinite(values)
        of = np.array(families)[known].tolist()
        scale = 100 if measure == "gain" else 1
        row = {"mean": _shown(scale * values[known], of)}
        if name != than:
            less = values - found[than, count, measure]
            row["more"] = _shown(scale * less[known], of)
        result.setdefault(f"{count} probes", {}).setdefault(measure, {})[name] = row
    return result


def _model(world: World) -> GainModel:
    return GainModel(world, Scales(), Seen.of(world))


def _shown(values: Matrix, families: Sequence[str]) -> list[float]:
    found = over_tasks(values, families=families)
    return [round(value, 3) for value in (found.value, found.low, found.high)]
