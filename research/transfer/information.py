"""The nats that the tasks need in a head and, from nothing, in the probe:

``python -m research.transfer.information``. Committed is a row for each task. The head is fitted
to the default's features at 96 pixels, as every outcome was: once to all images of a task, and to
the first `DRAWS` draws of 5 a class. From nothing, that is from the trivial task, the nats are
those of the embeddings that `research.transfer.distances` keeps in the cache.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from research.development.tasks import cache, development_tasks
from research.transfer.features import features_of
from research.transfer.tables import NATS
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, plain_model
from task2vec.distance.embedding_distances import precisions, trivial_of
from task2vec.distance.information import information_distance
from task2vec.embedding.files import load_embedding
from task2vec.probe.head import fit_head
from task2vec.probe.head_information import HeadNats, head_nats

COLUMNS = ("task", "images", "noise", "place", "noise_few", "place_few", "loss", "from_nothing")
DRAWS = 5


def main() -> None:
    """Measure every task, and write the table."""
    model = plain_model(DEFAULT)
    with NATS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, task in development_tasks().items():
            target = Target(task, model.probe)
            features = features_of(model, target)
            everything = np.arange(len(target.labels))
            draws = [draw.train for draw in target.draws(Budget.FEW)][:DRAWS]
            few = [_nats(target, features, draw) for draw in draws]
            whole = _nats(target, features, everything)
            loss = fit_head(features, target.labels, classes=target.classes).fit.loss
            path = cache() / "embeddings" / f"{name}.npz"
            row = (
                *(whole.noise, whole.place),
                *(float(np.mean([getattr(n, part) for n in few])) for part in ("noise", "place")),
                loss,
            )
            writer.writerow((name, len(everything), *_shown(row), _from_nothing(path)))
            file.flush()
            print(name, *_shown(row), flush=True)


def _nats(target: Target, features: np.ndarray, rows: np.ndarray) -> HeadNats:
    X, labels = features[rows], target.labels[rows]
    return head_nats(fit_head(X, labels, classes=target.classes), X, labels)


def _from_nothing(path: Path) -> str:
    """Return the nats from the trivial task; nothing where the embedding was not kept."""
    if not path.exists():
        return ""
    embedding = load_embedding(path)[1]
    nats = information_distance(source=trivial_of(embedding), target=precisions(embedding))
    return f"{float(nats):.6g}"


def _shown(values: Iterable[float]) -> list[str]:
    return [f"{value:.5g}" for value in values]


if __name__ == "__main__":
    main()
