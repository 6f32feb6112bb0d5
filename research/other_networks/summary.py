"""What other networks and generalists gain over the default, in points, with 95 % intervals.

    python -m research.other_networks.summary

Writes ``results/other_networks.json``. Intervals are over families. A gain is also shown by kind of
task; there are too few families of a kind for an interval.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby

import numpy as np

from research import RESULTS
from research.development.tasks import SUPERFAMILIES
from research.other_networks.generalists import GeneralistRow, read_rows
from research.other_networks.probed import TABLE, families_of_tasks
from research.transfer.outcomes import Cell, read_cells
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import over_tasks

FILE = RESULTS / "other_networks.json"
#: A network is said to win on a target by more than so many standard errors of its gain.
CLEAR = 2.0
#: By family, the gain on each of its targets.
Gains = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Shown:
    """The mean gain with its interval, in points, how many targets gain, and means by kind.

    ``won`` has the targets on which the gain is clear; of generalists nothing is said.
    """

    gain: tuple[float, float, float]
    better: str
    by_kind: dict[str, float]
    won: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Write the file."""
    found = {
        "networks": {
            model: {budget: asdict(shown) for budget, shown in of_budget.items()}
            for model, of_budget in networks(read_cells(TABLE), families_of_tasks()).items()
        },
        "generalists": {
            name: {what: asdict(shown) for what, shown in found.items()}
            for name, found in generalists().items()
        },
    }
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def networks(cells: Sequence[Cell], families: Mapping[str, str]) -> dict[str, dict[Budget, Shown]]:
    """Return of each network and budget the mean gain, and the targets that it clearly wins.

    ``families`` has the family of each target.
    """
    default = {(cell.target, cell.budget): cell for cell in cells if cell.model == DEFAULT}
    found: dict[str, dict[Budget, Shown]] = {}
    for model in dict.fromkeys(cell.model for cell in cells if cell.model != DEFAULT):
        found[model] = {}
        for budget in Budget:
            own = [cell for cell in cells if (cell.model, cell.budget) == (model, budget)]
            gains: dict[str, list[float]] = {}
            won = {}
            for cell in own:
                gain = cell.accuracy - default[cell.target, budget].accuracy
                gains.setdefault(families[cell.target], []).append(100 * gain)
                if gain > CLEAR * cell.error:
                    won[cell.target] = round(100 * gain, 1)
            found[model][budget] = replace(shown(gains), won=won)
    return found


def generalists() -> dict[str, dict[str, Shown]]:
    """Return of each split and number of images a class the mean gains, probed and fine-tuned.

    Of a target first the mean over the draws is taken.
    """
    rows = sorted(read_rows(), key=_split_and_shots)
    found: dict[str, dict[str, Shown]] = {}
    for (split, shots), group in groupby(rows, key=_split_and_shots):
        mine = list(group)
        probed, tuned, same = (_by_family(mine, what) for what in ("probed", "tuned", "probed too"))
        found[f"{split}, {shots} a class"] = {
            "linear probe": shown(probed),
            "last stage": shown(tuned),
            "linear probe of the same draws": shown(same),
        }
    return found


def shown(gains: Gains) -> Shown:
    """Sum up gains in points, with an interval over families."""
    values = [value for of_family in gains.values() for value in of_family]
    families = [family for family, of_family in gains.items() for _ in of_family]
    interval = over_tasks(np.array(values), families=families)
    by_kind: dict[str, list[float]] = {}
    for family, value in zip(families, values, strict=True):
        by_kind.setdefault(SUPERFAMILIES[family], []).append(value)
    return Shown(
        gain=(round(interval.value, 1), round(interval.low, 1), round(interval.high, 1)),
        better=f"{sum(value > 0 for value in values)} of {len(values)}",
        by_kind={kind: round(_mean(by_kind[kind]), 1) for kind in sorted(by_kind)},
    )


def _by_family(rows: Iterable[GeneralistRow], what: str) -> dict[str, list[float]]:
    of_target: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if what != "probed" and row.tuned < 0:
            continue
        right, plain = row.right, row.default_right
        if what == "tuned":
            right, plain = row.tuned, row.default_tuned
        gain = 100 * (right - plain) / row.tested
        of_target.setdefault((row.family, row.target), []).append(gain)
    found: dict[str, list[float]] = {}
    for (family, _), gains in of_target.items():
        found.setdefault(family, []).append(_mean(gains))
    return found


def _split_and_shots(row: GeneralistRow) -> tuple[str, int]:
    return row.split, row.shots


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


if __name__ == "__main__":
    main()
