"""What is known of the tasks and of each two of them: ``python -m research.transfer.distances``.

Every task is embedded as a user would, at the default settings. Committed are a row for each task
and a row for each ordered pair; the embeddings are kept in the cache.
"""

import csv
from collections.abc import Iterable, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np

from research import RESULTS
from research.development.tasks import DevelopmentTask, cache, development_tasks
from research.transfer.targets import Target
from research.transfer.zoo import DEFAULT, SIDE
from task2vec.data.open import open_source
from task2vec.distance.centred import angle, direction, log_centre
from task2vec.distance.embedding_distances import (
    plain_information_distance,
    plain_symmetric_distance,
    precisions,
    task_complexity,
)
from task2vec.distance.estimates import estimate_distances
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.files import load_embedding, save_embedding
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe
from task2vec.types import TaskEmbedding

TASKS, PAIRS = RESULTS / "transfer_tasks.csv", RESULTS / "transfer_distances.csv"
TASK_COLUMNS = ("task", "family", "classes", "images", "shots", "complexity", "training_accuracy")
PAIR_COLUMNS = ("source", "target", "plain", "symmetric", "error", "centred", "information")


def main() -> None:
    """Embed what is not embedded yet, and write both tables."""
    keep_freed_memory()
    tasks = development_tasks()
    embedder = Embedder(load_probe(DEFAULT))
    small = load_probe(f"{DEFAULT}?input_size={SIDE}")
    embeddings = {name: _embedding(task, embedder) for name, task in tasks.items()}
    _write(TASKS, TASK_COLUMNS, (_task(t, embeddings[n], small) for n, t in tasks.items()))
    values = np.stack([embedding.values for embedding in embeddings.values()])
    prior = next(iter(embeddings.values())).space.prior_precision
    centre = log_centre([values], prior_precision=prior)
    directions = {name: direction(precisions(e), centre) for name, e in embeddings.items()}
    corrected = {
        name: dict(zip(embeddings, zip(found.distances, found.errors, strict=True), strict=True))
        for name, embedding in embeddings.items()
        for found in [estimate_distances(embedding, list(embeddings.values()))]
    }
    rows = []
    for source, target in permutations(embeddings, 2):
        a, b = embeddings[source], embeddings[target]
        distance, error = corrected[source][target]
        found = (
            plain_symmetric_distance(a, b),
            distance,
            error,
            float(angle(directions[source], directions[target])),
            plain_information_distance(source=a, target=b),
        )
        rows.append((source, target, *(f"{value:.5g}" for value in found)))
    _write(PAIRS, PAIR_COLUMNS, rows)


def _embedding(task: DevelopmentTask, embedder: Embedder) -> TaskEmbedding:
    path = cache() / "embeddings" / f"{task.name}.npz"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        found = embedder.embed(open_source(task.folder)).embedding
        save_embedding(found, path, name=task.name)
        print(task.name, flush=True)
    return load_embedding(path)[1]


def _task(task: DevelopmentTask, embedding: TaskEmbedding, probe: Probe) -> Sequence[object]:
    target = Target(task, probe)
    return (
        task.name,
        task.family,
        target.classes,
        embedding.provenance.images,
        target.shots,
        f"{task_complexity(embedding):.5f}",
        f"{embedding.provenance.head.training_accuracy:.4f}",
    )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
