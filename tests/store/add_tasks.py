"""Add tasks to a store and print each name and id once it is acknowledged.

The elements of task ``PREFIX-i`` are all ``i``, so that a reader can tell whether it is whole.
"""

import sys
from pathlib import Path

import numpy as np

from task2vec.store import Store
from task2vec.types import HeadFit, Provenance, Space, TaskEmbedding, TaskRecord


def main(directory: str, prefix: str, count: str, elements: str) -> None:
    provenance = Provenance(
        space=Space(probe="tiny:0", estimator="fisher", head_penalty=0.01, prior_precision=1e-6),
        probe_name="tiny",
        estimator="exact",
        draws=0,
        seed=0,
        images=8,
        classes=2,
        class_names=("a", "b"),
        content_hash="0" * 64,
        standard_error=0.01,
        head=HeadFit(
            converged=True, iterations=3, gradient_norm=1e-9, loss=0.1, training_accuracy=1.0
        ),
        versions={},
    )
    with Store.open(Path(directory)) as store:
        for i in range(int(count)):
            values = np.full(int(elements), i, dtype=np.float32)
            added = store.tasks.add(
                TaskRecord(
                    id="",
                    name=f"{prefix}-{i}",
                    provenance=provenance,
                    complexity=0.5,
                    seconds=1.0,
                    source="",
                    source_signature="",
                    created="",
                ),
                TaskEmbedding(values=values, errors=values, provenance=provenance),
            )
            print(added.name, added.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
