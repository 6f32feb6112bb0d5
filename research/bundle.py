"""The bundle of the development tasks that ships: ``python -m research.bundle [FILE]``.

Without FILE it is the one in the package. Tasks are those of `research.development.build`, embedded
as `task2vec embed` does; outcomes are those of the packaged models in the tables of results. Half
an hour on one busy core; what is embedded already is kept in the cache. ``--whole`` keeps all
digits and replicates.

When the tables changed, ``python -m research.bundle --outcomes`` gives the file their outcomes, in
a second and without an image.
"""

import argparse
import csv
import sys
import tomllib
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.examples import ROOT
from research.development.build import TASKS
from research.development.tasks import SUPERFAMILIES, cache, development_tasks
from research.recipes.outcomes import fine_tuned_outcomes
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import read as read_recipes
from research.transfer.distances import TASKS as TASKS_TABLE
from research.transfer.fine_tuned import read_fine_tuned
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from task2vec.client.local import LocalClient
from task2vec.embedding.bundle import BundleContent, BundledOutcome
from task2vec.embedding.bundle_file import read_bundle, write_bundle
from task2vec.messages.base import utc_now
from task2vec.messages.bundles import Bundle
from task2vec.messages.outcomes import StoredOutcome
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.service.bundles import shipped
from task2vec.service.packaged_models import packaged_models
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import time_text

NAME = "development"
SHIPPED = Path(shipped.__file__).with_name(shipped.FILE)
VERSION = "1"
#: How many of the images each kind of outcome learns from.
LEARNT = {Budget.FEW: "5 images a class", Budget.ALL: "two thirds of the images"}
_REACH = 1.96


def licences() -> dict[str, str]:
    """Return a note on the licence of the images of each task; its embedding shows none of them.

    A task whose package states no licence of the images has none.
    """
    examples = tomllib.loads((ROOT / "tasks.toml").read_text(encoding="utf-8"))["tasks"]
    rights = {name: (about["licence"], about["attribution"]) for name, about in examples.items()}
    rights |= {task.name: (task.licence, task.attribution) for task in TASKS if task.licence}
    return {name: f"{licence}; {whose}" for name, (licence, whose) in rights.items()}


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
    with TASKS_TABLE.open(newline="") as file:
        sizes = {row["task"]: row for row in csv.DictReader(file)}
    for tuned in read_fine_tuned():
        if tuned.model in models:
            task = sizes[tuned.target]
            few = int(task["shots"]) * int(task["classes"])
            # Two thirds of the images train where one third tests.
            images = few if tuned.budget is Budget.FEW else 2 * tuned.tested
            yield StoredOutcome(
                model=tuned.model,
                task=tuned.target,
                accuracy=tuned.tuned,
                protocol=f"fine-tuning all layers at 3e-4, {images} images",
                images=tuned.tested,
            )


def bundled_outcomes() -> list[StoredOutcome]:
    """Return the outcomes of the packaged models, with what each recipe made of them.

    Linear probes of the recipes' draws are left out: those of all draws are there.
    """
    packaged = {model.name for model in packaged_models()}
    trained = [
        cell for cell in read_recipes() if cell.model in packaged and cell.recipe is not Tried.PROBE
    ]
    return [*outcomes(packaged), *fine_tuned_outcomes(trained)]


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
            store.outcomes.add_within(connection, bundled_outcomes())


def build(file: Path, *, small: bool = True) -> Bundle:
    """Write the bundle of the tasks with a licence; image hashes go with it: the images are public.

    The others are in the store, and not in the file.
    """
    folder = cache() / "bundle" / "store"
    build_store(folder)
    notes = licences()
    with LocalClient(folder) as client:
        return client.bundles.export(
            file,
            name=NAME,
            version=VERSION,
            maker="task2vec",
            licences=notes,
            tasks=tuple(notes),
            image_hashes=True,
            small=small,
        )


def renewed(content: BundleContent) -> BundleContent:
    """Return a bundle with the outcomes of today on its tasks, and nothing else changed."""
    tasks = {task.name for task in content.tasks}
    told = [
        BundledOutcome(
            model=outcome.model,
            task=outcome.task,
            accuracy=round(outcome.accuracy, 4),
            interval=None if outcome.interval is None else list(outcome.interval),
            protocol=outcome.protocol,
            images=outcome.images,
            seed=outcome.seed,
        )
        for outcome in bundled_outcomes()
        if outcome.task in tasks
    ]
    return replace(content, outcomes=told, created=time_text(utc_now()))


def main() -> int:
    """Build the bundle or renew its outcomes, and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m research.bundle")
    parser.add_argument("file", type=Path, nargs="?", default=SHIPPED)
    parser.add_argument("--whole", action="store_true", help="keep all digits and replicates")
    parser.add_argument(
        "--outcomes", action="store_true", help="renew those of FILE, embed nothing"
    )
    arguments = parser.parse_args()
    if arguments.outcomes:
        write_bundle(renewed(read_bundle(arguments.file)), arguments.file)
    else:
        build(arguments.file, small=not arguments.whole)
    bundle, size = read_bundle(arguments.file).record(), arguments.file.stat().st_size
    print(f"{bundle.tasks} tasks, {bundle.outcomes} outcomes, {size / 1e6:.1f} MB, {bundle.sha256}")
    if arguments.file == SHIPPED:
        print("Judge it anew: `python -m research.fresh_store`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
