"""`saved_index.py STORE`: the index that large stores keep in a file, here from two tasks on.

The first time it writes the file. Prints whether a search went through the file, what it found, and
what a scan finds. A process of its own: FAISS is not loaded beside torch.
"""

import json
import sys
from functools import partial
from pathlib import Path

from task2vec.store.index.faiss import FaissIndex
from task2vec.store.index.files import IndexFiles
from task2vec.store.index.live import LiveIndex
from task2vec.store.store import Store


def main(path: Path, task: str = "emoji_food") -> None:
    """Search for the neighbours of a task by the saved index and by a scan, and print both."""
    with Store.open(path, create=False) as store:
        query = store.tasks.embedding(task)
        space = query.provenance.space
        index = LiveIndex(
            space,
            update_since=partial(store.tasks.update_since, space),
            embeddings_of=store.tasks.embeddings,
            files=IndexFiles(path / "index", space),
            crossover=2,
        )
        current = index.current()
        found = [
            [(each.name, each.distance) for each in one.search(query, k=3)]
            for one in (current, store.index(space))
        ]
        index.wait()
    used = isinstance(current, FaissIndex)
    print(json.dumps({"used": used, "found": found[0], "scanned": found[1]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
