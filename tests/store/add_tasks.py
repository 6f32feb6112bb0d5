"""Add tasks to a store and print each name and id once it is acknowledged.

The elements of task ``PREFIX-i`` are all ``i``, so that a reader can tell whether it is whole.
"""

import sys
from pathlib import Path

import numpy as np
from factories import PROVENANCE, make_embedding

from task2vec.store import Store
from task2vec.types import TaskRecord


def main(directory: str, prefix: str, count: str, elements: str) -> None:
    with Store.open(Path(directory)) as store:
        for i in range(int(count)):
            values = np.full(int(elements), i, dtype=np.float32)
            added = store.tasks.add(
                TaskRecord(
                    id="",
                    name=f"{prefix}-{i}",
                    provenance=PROVENANCE,
                    complexity=0.5,
                    seconds=1.0,
                    source="",
                    source_signature="",
                    created="",
                ),
                make_embedding(values, errors=values),
            )
            print(added.name, added.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
