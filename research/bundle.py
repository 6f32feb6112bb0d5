"""Builds the bundle of the development tasks: ``python -m research.bundle FILE [--whole]``.

The tasks are those of `research.development.build`, embedded as `task2vec embed` does; the outcomes
are those of the packaged models in the tables of results. Half an hour on one busy core; what is
embedded already is kept in the cache. ``--whole`` keeps all digits and replicates.
"""

import argparse
import csv
import sys
import tomllib
from collections.abc import Container, Iterator
from pathlib import Path

from benchmarks.examples import ROOT
from research import RESULTS
from research.development.build import TASKS
from research.development.tasks import SUPERFAMILIES, cache, development_tasks
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from task2vec.client.local import LocalClient
from task2vec.messages.bundles import Bundle
from task2vec.messages.outcomes import StoredOutcome
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.service.packaged_models import packaged_models
from task2vec.service.workspace import Workspace

NAME = "development"
VERSION = "1"
#: How many of the images each kind of outcome learns from.
LEARNT = {Budget.FEW: "5 images a class", Budget.ALL: "two thirds of the images"}
_REACH = 1.96


def licences() -> dict[str, str]:
    """Return the licence of the images of each development task; its embedding shows none."""
    shipped = tomllib.loads((ROOT / "tasks.toml").read_text(encoding="utf-8"))["tasks"]
    return {name: about["licence"] for name, about in shipped.items()} | {
        task.name: task.licence for task in TASKS
    }


def outcomes(models: Container[str]) -> Iterator[StoredOutcome]:
    """Yield the outcomes of some models, models and tasks by name.

    The error of a probe is that of its gain over the default, since both see the same draws. A
    model gets half of that variance, and the default half of the square of the mean error: the two
    add up to about the variance of the gain.
    """
    cells = [cell for cell in read_cells() if cell.model in models]
    errors: dict[tuple[str, Budget], list[float]] = {}
    for cell in cells:
        if cell.model != DEFAULT_PROBE:
            errors.setdefault((cell.target, cell.budget), []).append(cell.error)
    for cell in cells:
        of_task = errors[cell.target, cell.budget]
        error = sum(of_task) / len(of_task) if cell.model == DEFAULT_PROBE else cell.error
        half = _REACH * error / 2**0.5
        yield StoredOutcome(
            model=cell.model,
            task=cell.target,
            accuracy=cell.accuracy,
            interval=(max(0.0, cell.accuracy - half), min(1.0, cell.accuracy + half)),
            protocol=f"linear probe, {LEARNT[cell.budget]}",
        )
    with (RESULTS / "transfer_fine_tuned.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] in models:
                yield StoredOutcome(
                    model=row["model"],
                    task=row["target"],
                    accuracy=float(row["tuned"]),
                    protocol=f"fine-tuning, {LEARNT[Budget(row['budget'])]}",
                    images=int(row["tested"]),
                )


def build_store(folder: Path) -> None:
    """Embed the development tasks that a store lacks, and give it the outcomes of today."""
    with LocalClient(folder) as client:
        known = {task.name for task in client.tasks.list()}
        for task in development_tasks().values():
            if task.name in known:
                continue
            tags = (task.family, SUPERFAMILIES[task.family])
            client.embed(str(task.folder), name=task.name, tags=tuple(dict.fromkeys(tags)))
            print(f"{task.name}: embedded", file=sys.stderr, flush=True)
    with Workspace(folder) as workspace:
        store = workspace.store(create=True)
        with store.transaction() as connection:
            earlier = [outcome.id for outcome in store.outcomes.list()]
            found = store.outcomes.named_within(connection, earlier)
            store.outcomes.remove_within(connection, [outcome for outcome, _, _ in found])
            packaged = {model.name for model in packaged_models()}
            store.outcomes.add_within(connection, [*outcomes(packaged)])


def build(file: Path, *, small: bool = True) -> Bundle:
    """Write the bundle; image hashes go with it, since the images are public."""
    folder = cache() / "bundle" / "store"
    build_store(folder)
    with LocalClient(folder) as client:
        return client.bundles.export(
            file,
            name=NAME,
            version=VERSION,
            maker="task2vec",
            licences={name: text for name, text in licences().items() if text},
            image_hashes=True,
            small=small,
        )


def main() -> int:
    """Build the bundle, and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m research.bundle")
    parser.add_argument("file", type=Path)
    parser.add_argument("--whole", action="store_true", help="keep all digits and replicates")
    arguments = parser.parse_args()
    bundle = build(arguments.file, small=not arguments.whole)
    size = arguments.file.stat().st_size
    print(f"{bundle.tasks} tasks, {bundle.outcomes} outcomes, {size / 1e6:.1f} MB, {bundle.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
