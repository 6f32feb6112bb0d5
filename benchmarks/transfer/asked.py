"""How alike what two tasks ask is, of each two: ``python -m benchmarks.transfer.asked``.

Class scatters as an embedding at the default settings has them; those ``few`` from the images of
the first draw alone, since somebody with 5 images a class has no others. An expert's own task is
known by all of its images.
"""

import csv
from itertools import product

import numpy as np

from benchmarks.development.tasks import development_tasks
from benchmarks.examples import RESULTS
from benchmarks.transfer.targets import Budget, Target
from benchmarks.transfer.zoo import DEFAULT
from task2vec.distance.scatter import compare_scatters
from task2vec.embedding.class_scatter import class_scatter
from task2vec.probe.registry import load_probe
from task2vec.types.scatter import ClassScatter

ASKED = RESULTS / "transfer_asked.csv"
COLUMNS = ("source", "target", "overlap", "agreement", "overlap_few", "agreement_few")


def main() -> None:
    """Write a row for each ordered pair."""
    probe = load_probe(DEFAULT)
    known: dict[str, ClassScatter | None] = {}
    few: dict[str, ClassScatter | None] = {}
    images: list[int] = []
    few_images: list[int] = []
    for name, task in development_tasks().items():
        target = Target(task, probe)
        features = probe.features(target.images, batch_size=16).numpy()
        known[name] = class_scatter(features, target.labels, classes=target.classes)
        train = next(target.draws(Budget.FEW)).train
        few[name] = class_scatter(features[train], target.labels[train], classes=target.classes)
        images.append(len(target.labels))
        few_images.append(len(train))
        print(name, flush=True)
    names, count = list(known), len(known)
    every = compare_scatters(
        [*known.values(), *few.values()], images=np.array([*images, *few_images])
    )
    overlaps, agreements = every.overlap[:count, :count], every.agreement[:count, :count]
    few_overlaps, across = every.overlap[count:, count:], every.agreement[:count, count:]
    with ASKED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for s, t in product(range(count), repeat=2):
            values = overlaps[s, t], agreements[s, t], few_overlaps[s, t], across[s, t]
            writer.writerow((names[s], names[t], *(f"{value:.4f}" for value in values)))


if __name__ == "__main__":
    main()
