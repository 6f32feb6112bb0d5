"""Fills the table of outcomes model by model: ``python -m research.transfer [MODEL ...]``."""

import sys
import time

import numpy as np

from research.development.tasks import development_tasks
from research.development.transfer import EXPERTS
from research.transfer.features import features_of
from research.transfer.outcomes import Answers, append_cells, cell, draw_answers, read_cells
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, PLAIN, Starting, expert, plain_model
from task2vec.embedding.allocator import keep_freed_memory

Drawn = dict[tuple[str, Budget], Answers]


def main() -> None:
    """Add the models that the table lacks: plain ones, an expert of each family, the others."""
    keep_freed_memory()
    tasks = development_tasks()
    done = {found.model for found in read_cells()}
    order = [*PLAIN, *EXPERTS, *(name for name in tasks if name not in EXPERTS)]
    missing = [name for name in sys.argv[1:] or order if name not in done]
    if not missing:
        return
    default = plain_model(DEFAULT)
    targets = [Target(task, default.probe) for task in tasks.values()]
    plain = _drawn(default, targets)
    for name in missing:
        began = time.perf_counter()
        told: list[str] = []
        if name == DEFAULT:
            model, found = default, plain
        else:
            model = (
                plain_model(name)
                if name in PLAIN
                else expert(tasks[name], default.probe, told.append)
            )
            found = _drawn(model, targets)
        cells = [
            cell(name, t, budget, found=found[t.name, budget], default=plain[t.name, budget])
            for t in targets
            if t.name != model.source
            for budget in Budget
        ]
        append_cells(cells)
        gain = np.mean([np.nanmean(found[key] - plain[key]) for key in found])
        seconds = time.perf_counter() - began
        print(f"{name}: gain {100 * gain:+.1f}, {seconds:.0f} s, {' '.join(told)}", flush=True)


def _drawn(model: Starting, targets: list[Target]) -> Drawn:
    return {
        (target.name, budget): draw_answers(features_of(model, target), target, budget)
        for target in targets
        if target.name != model.source
        for budget in Budget
    }


if __name__ == "__main__":
    main()
