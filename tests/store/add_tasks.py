"""Add tasks to a store and print each name and id once it is acknowledged.

The elements of task ``PREFIX-i`` are all ``i``, so that a reader can tell whether it is whole.
"""

import sys
from pathlib import Path

import numpy as np
from factories import make_embedding, make_record

from task2vec.store import Store


def main(directory: str, prefix: str, count: str, elements: str) -> None:
    with Store.open(Path(directory)) as store:
        for i in range(int(count)):
            values = np.full(int(elements), i, dtype=np.float32)
            added = store.tasks.add(
                make_record(f"{prefix}-{i}"), make_embedding(values, errors=values)
            )
            print(added.name, added.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
