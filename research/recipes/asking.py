"""Who asks about a development task, after some linear probes: what the product expects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from research.transfer.cascading import Fits, Ours, read_scores
from research.transfer.report import LeftOut
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.backtest.folds import cases
from task2vec.recommendation.rankers import TRUST, Ranking

#: Of more images there are too few trained models to say anything.
MOST_IMAGES = 100


@dataclass(frozen=True, eq=False)
class Asking:
    """Who asks about a task: ``base`` is the accuracy of the default, ``places`` the offered models
    by name, as rankings number them.
    """

    target: str
    family: str
    base: float
    places: Mapping[str, int]
    rankings: tuple[Ranking, ...]

    def after(self, probes: int) -> Ranking:
        """Return the ranking after so many linear probes, or after all that were worth it."""
        return self.rankings[min(probes, len(self.rankings) - 1)]


def all_who_ask(left: LeftOut, *, probes: int) -> Iterator[Asking]:
    """Yield who asks about each development task, with few images and up to so many probes."""
    transfer = read_transfer(Budget.FEW, distance="plain")
    scores, fits = read_scores(transfer.world, Budget.FEW), Fits()
    for case in cases(transfer.world, left.folds, left.families(transfer)):
        steps = Ours("ours", fits, scores, passes=probes, trust=TRUST).steps(case)
        yield Asking(
            target=case.world.tasks[case.target],
            family=transfer.families[case.target],
            base=float(transfer.world.base[case.target]),
            places={case.world.models[model]: place for place, model in enumerate(case.offered)},
            rankings=tuple(ranking for _, ranking in steps),
        )
