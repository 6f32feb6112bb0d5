"""Is an early checkpoint a better start? ``python -m research.large_zoo.checkpoints``.

Of every fourth source both checkpoints were tried on all targets: the mean gain of either and the
difference, in points, with intervals over the targets' families.
"""

import json

import numpy as np

from research.large_zoo.draws import SHOTS
from research.large_zoo.known import FAMILY, Zoo, read_zoo
from research.large_zoo.tables import Quantity, matrix, read_cells
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.evidence.world import Matrix


def main() -> None:
    """Print."""
    zoo = read_zoo()
    print(json.dumps({f"{shots} a class": compared(zoo, shots) for shots in SHOTS}, indent=1))


def compared(zoo: Zoo, shots: int) -> dict[str, dict[str, list[float]]]:
    """Return the mean gains of early and last checkpoints, of relatives and of others."""
    rows = [row for row, source in enumerate(zoo.sources) if source.early]
    early = _early_gains(zoo, [f"{zoo.sources[row].source} early" for row in rows], shots)
    last = np.asarray(zoo.gains[shots].mean(axis=2)[1:][rows])
    relative = zoo.related[FAMILY][rows]
    found = {}
    for name, counted in (("relatives", relative), ("others", ~relative)):
        found[name] = {
            what: _shown(np.where(counted, values, np.nan), zoo)
            for what, values in (("early", early), ("last", last), ("early - last", early - last))
        }
    return found


def _early_gains(zoo: Zoo, models: list[str], shots: int) -> Matrix:
    tested = np.array([[target.test_0, target.test_1] for target in zoo.targets])
    gains = []
    for draw in (0, 1):
        quantity = Quantity(f"gain {shots} {draw}")
        counts = matrix(read_cells(), quantity, models=models, targets=zoo.names)
        gains.append((counts[..., 0] - counts[..., 1]) / tested[:, draw])
    return np.asarray(np.mean(gains, axis=0))


def _shown(gains: Matrix, zoo: Zoo) -> list[float]:
    """Return the mean over targets of means over sources (S, T), in points."""
    known = np.isfinite(gains)
    targets = known.any(axis=0)
    means = 100 * np.nansum(gains, axis=0)[targets] / known.sum(axis=0)[targets]
    found = over_tasks(means, families=np.array(zoo.families)[targets].tolist())
    return [round(value, 2) for value in (found.value, found.low, found.high)]


if __name__ == "__main__":
    main()
