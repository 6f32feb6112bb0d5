"""At which rate do experts of several tasks help relatives? ``python -m research.large_zoo.pilot``.

The tasks of each superfamily are parted at random in two halves with members of the same families.
An expert of 600 images of one half is tried on the tasks of the other, and on two tasks of other
superfamilies. Four minutes of one core; prints mean gains with intervals over families.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from research import RESULTS
from research.development.tasks import SUPERFAMILIES, development_tasks
from research.large_zoo.draws import SHOTS
from research.large_zoo.embeddings import in_turn
from research.large_zoo.images import default_stage, joined, task_images
from research.large_zoo.outcomes import Answers, Target
from research.large_zoo.plan import UNION_RATES
from research.large_zoo.tables import append_list, read_list
from research.large_zoo.training import rounded, stage_training
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.finetuning.classify import unheard
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.recommendation.backtest.bootstrap import over_tasks

TABLE = RESULTS / "large_zoo_pilot.csv"
IMAGES, EPOCHS, OTHERS = 600, 8, 2


@dataclass(frozen=True)
class PilotRow:
    """The gains of an expert on a target, in points: means of two draws, by images a class.

    ``alike`` tells whether the target is of the superfamily that the expert was trained on.
    """

    rate: float
    superfamily: str
    half: int
    target: str
    alike: bool
    gain_5: float
    gain_10: float


def halves() -> Iterator[tuple[str, int, list[str]]]:
    """Yield superfamily, half and its tasks."""
    tasks, rng = development_tasks(), np.random.default_rng(7)
    by_family: dict[str, list[str]] = defaultdict(list)
    for name, task in tasks.items():
        by_family[task.family].append(name)
    half: dict[str, int] = {}
    for names in by_family.values():
        order, first = rng.permutation(names), int(rng.integers(2))
        half |= {str(name): (place + first) % 2 for place, name in enumerate(order)}
    for kind in ("glyphs", "drawn", "game", "photo", "clothes"):
        for side in (0, 1):
            mine = [n for n in tasks if SUPERFAMILIES[tasks[n].family] == kind and half[n] == side]
            yield kind, side, mine


def main() -> None:
    """Train, try, write and print."""
    torch.set_num_threads(1)
    keep_freed_memory()
    tasks = development_tasks()
    kind_of = {name: SUPERFAMILIES[task.family] for name, task in tasks.items()}
    targets = {name: Target(task_images(name), default_stage()) for name in tasks}
    parts = list(halves())
    for kind, side, members in parts if not TABLE.exists() else ():
        images = joined([task_images(name) for name in members])
        rows = in_turn(images.labels, IMAGES)
        (other,) = (names for k, s, names in parts if k == kind and s != side)
        rest = [name for name in tasks if kind_of[name] != kind]
        chosen = np.random.default_rng([len(members), side]).choice(rest, OTHERS, replace=False)
        for rate in sorted(UNION_RATES, reverse=True):
            settings = FineTuningSettings(learning_rate=rate, seed=1, epochs=EPOCHS)
            run = stage_training(default_stage(), images, rows, images.labels[rows], settings)
            while run.epoch < run.epochs:
                run.run_epoch(unheard)
            stage = rounded(run.backbone.eval().requires_grad_(False))
            for name in [*other, *map(str, chosen)]:
                answers, default = Answers(targets[name], stage), targets[name].default.right
                gains = [
                    float(
                        np.mean(
                            [
                                answers.right(shots, d).mean() - default[shots, d].mean()
                                for d in (0, 1)
                            ]
                        )
                    )
                    for shots in SHOTS
                ]
                points = [100 * gain for gain in gains]
                row = PilotRow(rate, kind, side, name, kind_of[name] == kind, *points)
                append_list([row], TABLE)
    report(read_list(PilotRow, TABLE))


def report(rows: list[PilotRow]) -> None:
    """Print the mean gains by rate, on targets alike and others."""
    tasks = development_tasks()
    for rate in UNION_RATES:
        for alike in (True, False):
            mine = [row for row in rows if row.rate == rate and row.alike == alike]
            families = [tasks[row.target].family for row in mine]
            for shots in SHOTS:
                gains = np.array([getattr(row, f"gain_{shots}") for row in mine])
                found = over_tasks(gains, families=families)
                kind = "alike" if alike else "others"
                print(
                    f"{rate:g}, {shots} a class, {len(mine)} {kind}: "
                    f"{found.value:.1f} [{found.low:.1f}, {found.high:.1f}]"
                )


if __name__ == "__main__":
    main()
