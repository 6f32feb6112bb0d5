"""How well the default's accuracy is foretold: ``python -m benchmarks.transfer.difficulty``.

Each task is left out in turn. Beside it stands the mean accuracy on the other tasks.
"""

import csv
import json
from datetime import UTC, datetime

import numpy as np

from benchmarks.examples import RESULTS
from benchmarks.transfer.distances import TASKS
from benchmarks.transfer.tables import read_transfer
from benchmarks.transfer.targets import Budget
from task2vec.recommend.difficulty import Outlines, foretell


def main() -> None:
    """Print and write root mean square errors in points of accuracy."""
    with TASKS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    result = {}
    for budget in Budget:
        world = read_transfer(budget, distance="plain").world
        outlines = Outlines(
            classes=np.array([float(row["classes"]) for row in rows]),
            complexity=np.array([float(row["complexity"]) for row in rows]),
            symmetric=world.symmetric,
        )
        count = len(world.base)
        found = [foretell(outlines, world.base, target=t).accuracy for t in range(count)]
        mean = (world.base.sum() - world.base) / (count - 1)
        result[budget] = {
            name: round(100 * float(np.sqrt(np.mean(np.square(each - world.base)))), 2)
            for name, each in (("foretold", np.array(found)), ("mean_of_others", mean))
        }
    document = {"date": datetime.now(UTC).date().isoformat(), "rms_points": result}
    text = json.dumps(document, indent=2)
    (RESULTS / "transfer_difficulty.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
