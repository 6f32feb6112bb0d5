"""How alike what two tasks ask is, of each two: ``python -m research.transfer.asked``.

Class scatters as an embedding at the default settings has them; those ``few`` from the images of
one draw alone, of each of the first, since somebody with 5 images a class has no others. An
expert's own task is known by all of its images.
"""

import csv
from itertools import product

from research import RESULTS
from research.development.tasks import development_tasks
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT
from task2vec.distance.scatter import compare_scatters
from task2vec.embedding.class_scatter import class_scatter
from task2vec.probe.registry import load_probe
from task2vec.types.scatter import ClassScatter

ASKED = RESULTS / "transfer_asked.csv"
COLUMNS = (
    *("source", "target", "overlap", "agreement"),
    *(
        f"{value}_few{draw}"
        for draw in range(Budget.FEW.shown)
        for value in ("overlap", "agreement")
    ),
)


def main() -> None:
    """Write a row for each ordered pair."""
    probe = load_probe(DEFAULT)
    known: dict[str, ClassScatter | None] = {}
    few: list[list[ClassScatter | None]] = [[] for _ in range(Budget.FEW.shown)]
    for name, task in development_tasks().items():
        target = Target(task, probe)
        features = probe.features(target.images, batch_size=16).numpy()
        known[name] = class_scatter(features, target.labels, classes=target.classes)
        for found, draw in zip(few, target.draws(Budget.FEW), strict=False):
            seen, labels = features[draw.train], target.labels[draw.train]
            found.append(class_scatter(seen, labels, classes=target.classes))
        print(name, flush=True)
    names, count = list(known), len(known)
    every = compare_scatters([*known.values(), *(each for found in few for each in found)])
    blocks = [slice(count * (1 + draw), count * (2 + draw)) for draw in range(Budget.FEW.shown)]
    tables = [
        every.overlap[:count, :count],
        every.agreement[:count, :count],
        *(
            table
            for block in blocks
            for table in (every.overlap[block, block], every.agreement[:count, block])
        ),
    ]
    with ASKED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for s, t in product(range(count), repeat=2):
            writer.writerow((names[s], names[t], *(f"{table[s, t]:.4f}" for table in tables)))


if __name__ == "__main__":
    main()
