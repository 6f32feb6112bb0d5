"""Linear probes of a network beside the default's: the first target of each family, both budgets.

Images and draws are those of `research.transfer`.
"""

import time
from collections.abc import Collection
from functools import cache as cache_result

import numpy as np

from research import RESULTS
from research.development.tasks import development_tasks
from research.large_zoo.plan import asked_of
from research.large_zoo.tables import TARGETS, TargetRow, read_list
from research.transfer.features import features_of
from research.transfer.outcomes import Answers, append_cells, cell, draw_answers, read_cells
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, Starting, plain_model
from task2vec.probe.probe import Probe

TABLE = RESULTS / "other_networks.csv"
#: The first of each budget's draws: of networks that differ by ten points two halves are enough.
DRAWS = {Budget.FEW: 8, Budget.ALL: 4}


def targets(*, but: Collection[str] = ()) -> tuple[str, ...]:
    """Return the targets that networks meet: the first of each family, ``but`` of these none."""
    families = families_of_tasks()
    return tuple(name for name in asked_of(families) if families[name] not in but)


def families_of_tasks() -> dict[str, str]:
    """Return the family of each development task, also where their images were not built."""
    return {row.task: row.family for row in read_list(TargetRow, TARGETS)}


def add_cells(name: str, probe: Probe, *, but: Collection[str] = ()) -> None:
    """Add the cells of a network that the table lacks, and those of the default beside them.

    Targets are those of all families ``but`` these.
    """
    done = {(found.model, found.target) for found in read_cells(TABLE)}
    began = time.process_time()
    for task in targets(but=but):
        if (name, task) in done:
            continue
        target = Target(development_tasks()[task], probe)
        features = probe.features(target.images).numpy()
        cells = []
        for budget in Budget:
            plain = _default(task, budget)
            found = draw_answers(features, target, budget, most=DRAWS[budget])
            if (DEFAULT, task) not in done:
                cells.append(cell(DEFAULT, target, budget, found=plain, default=plain))
            cells.append(cell(name, target, budget, found=found, default=plain))
            print(name, task, budget, f"{100 * np.nanmean(found - plain):+.1f} points", flush=True)
        append_cells(cells, TABLE)
        done.add((DEFAULT, task))
    print(name, f"{time.process_time() - began:.0f} s", flush=True)


@cache_result
def _default_model() -> Starting:
    return plain_model(DEFAULT)


@cache_result
def _default(task: str, budget: Budget) -> Answers:
    model = _default_model()
    target = Target(development_tasks()[task], model.probe)
    return draw_answers(features_of(model, target), target, budget, most=DRAWS[budget])
