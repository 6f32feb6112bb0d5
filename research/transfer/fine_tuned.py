"""Full fine-tuning of starting models on targets: ``python -m research.transfer.fine_tuned``.

A linear probe on frozen features is cheap and is what most of the benchmark's outcomes are. This
tells whether the order and the gains that it finds are those of fine-tuning. Of each family one
target is tried with the default and with five models, spread evenly over what the linear probe says
of the models there are experts or packages of. All train on the same draw of images and are judged
on the same others. It goes on where it stopped.
"""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from research import RESULTS
from research.development.tasks import development_tasks
from research.development.transfer import EXPERTS
from research.transfer.features import Features, features_of
from research.transfer.outcomes import Cell, append_cells, read_cells
from research.transfer.targets import Budget, Draw, Target
from research.transfer.zoo import DEFAULT, PLAIN, expert, plain_model
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.finetuning.classify import classify, fitted_classifier, unheard
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Probe

TABLE = RESULTS / "transfer_fine_tuned.csv"
MODELS = 5
SETTINGS = FineTuningSettings()
#: What is best where no validation images stop the training: see ADR 27.
RATE = 3e-4


@dataclass(frozen=True)
class FineTuned:
    """One model on the first draw of a target and budget; accuracies are fractions.

    ``frozen`` is the linear probe's on the same images, ``tested`` the number of test images.
    """

    target: str
    budget: Budget
    model: str
    frozen: float
    tuned: float
    tested: int
    seconds: float


def main() -> None:
    """Add the cells that the table lacks: few images first, target by target."""
    keep_freed_memory()
    tasks = development_tasks()
    plain = plain_model(DEFAULT)
    targets = _one_of_each_family([Target(task, plain.probe) for task in tasks.values()])
    done = {(each.target, each.budget, each.model) for each in read_fine_tuned()}
    outcomes = read_cells()
    for budget in Budget:
        for target in targets:
            draw = next(target.draws(budget))
            for name in (DEFAULT, *spread(outcomes, target, budget)):
                if (target.name, budget, name) in done:
                    continue
                model = (
                    plain_model(name) if name in PLAIN else expert(tasks[name], plain.probe, print)
                )
                found = fine_tuned(model.probe, features_of(model, target), target, budget, draw)
                found = replace(found, model=name)
                append_cells([found], TABLE)
                print(found, flush=True)


def spread(outcomes: list[Cell], target: Target, budget: Budget) -> list[str]:
    """Return the models at even steps from the worst to the best linear probe on a target."""
    pool = {*PLAIN, *EXPERTS} - {DEFAULT, target.name}
    found = sorted(
        (cell.accuracy, cell.model)
        for cell in outcomes
        if cell.target == target.name and cell.budget == budget and cell.model in pool
    )
    places = np.linspace(0, len(found) - 1, MODELS).round().astype(int)
    return [found[place][1] for place in places]


def read_fine_tuned(table: Path = TABLE) -> Iterator[FineTuned]:
    """Yield the cells of a table; none where there is no table."""
    if table.exists():
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                yield FineTuned(
                    row["target"],
                    Budget(row["budget"]),
                    row["model"],
                    float(row["frozen"]),
                    float(row["tuned"]),
                    int(row["tested"]),
                    float(row["seconds"]),
                )


def _one_of_each_family(targets: list[Target]) -> list[Target]:
    found: dict[str, Target] = {}
    for target in targets:
        # Experts are of one task of each family: where there are others, these have a relative.
        if target.family not in found or found[target.family].name in EXPERTS:
            found[target.family] = target
    return list(found.values())


def fine_tuned(
    probe: Probe, features: Features, target: Target, budget: Budget, draw: Draw
) -> FineTuned:
    """Fine-tune all layers from the linear probe on the ``features`` (N, D) of a target's images.

    The images of the target are prepared for the probe, whose name the cell has.
    """
    began = time.perf_counter()
    labels = target.labels[draw.test]
    head = fitted_classifier(
        torch.from_numpy(features[draw.train]),
        target.labels[draw.train],
        classes=target.classes,
        device=torch.device("cpu"),
    )
    with torch.inference_mode():
        frozen = head(torch.from_numpy(features[draw.test]))
    keys = tuple(map(str, range(len(target.labels))))
    every = Labelled(tuple(target.images), target.labels, keys)
    training = part_of(every, draw.train)
    run = Training(probe, training, classifier=head, settings=SETTINGS, rate=RATE)
    for _ in range(run.epochs):
        run.run_epoch(unheard)
    tuned = classify(run.backbone.eval(), run.classifier, probe, part_of(every, draw.test).images)
    return FineTuned(
        target.name,
        budget,
        probe.card.name,
        frozen=_right(frozen, labels),
        tuned=_right(tuned, labels),
        tested=len(labels),
        seconds=time.perf_counter() - began,
    )


def _right(logits: torch.Tensor, labels: NDArray[np.int64]) -> float:
    return float((logits.argmax(dim=1).numpy() == labels).mean())


if __name__ == "__main__":
    main()
