"""Generalists: the default's last stage trained on all development tasks but some.

    python -m research.other_networks.generalists [SPLIT or NAME ...]

In the split ``superfamily`` five generalists have seen no task of one superfamily; in the split
``relatives`` two have seen one half of the tasks of every family, and meet the other half.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from torch import nn

from research import RESULTS
from research.development.tasks import SUPERFAMILIES, development_tasks
from research.large_zoo.images import default_stage, joined, task_images
from research.large_zoo.outcomes import Answers, Target
from research.large_zoo.plan import UNION_RATES, asked_of
from research.large_zoo.tables import append_list, read_list
from research.large_zoo.training import stage_training
from research.large_zoo.tuned import tuned_right
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.finetuning.classify import unheard
from task2vec.finetuning.settings import FineTuningSettings

TABLE = RESULTS / "generalists.csv"
SUPERFAMILY, RELATIVES = "superfamily", "relatives"
#: The smaller rate is the one that unions of tasks gained most with: see `UNION_RATES`. Half of the
#: usual epochs: there are 40 times the images of an expert.
SETTINGS = FineTuningSettings(learning_rate=min(UNION_RATES), epochs=4)


@dataclass(frozen=True)
class Generalist:
    """What a generalist is trained on, and the tasks that it has not seen."""

    split: str
    name: str
    tasks: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class GeneralistRow:
    """A generalist and the default on one draw of a target that it has not seen.

    Of ``tested`` images the linear probes get ``right`` and ``default_right`` right, fine-tuned
    last stages ``tuned`` and ``default_tuned``; those two are -1 where nothing was fine-tuned.
    """

    split: str
    generalist: str
    target: str
    family: str
    shots: int
    draw: int
    tested: int
    right: int
    default_right: int
    tuned: int
    default_tuned: int


def generalists(families: dict[str, str]) -> Iterator[Generalist]:
    """Yield the generalists of both splits, from the family of each task."""
    for kind in sorted({SUPERFAMILIES[family] for family in families.values()}):
        unseen = tuple(name for name in families if SUPERFAMILIES[families[name]] == kind)
        yield Generalist(SUPERFAMILY, kind, _others(families, unseen), unseen)
    halves = _halves(families)
    for half in (0, 1):
        unseen = tuple(name for name in families if halves[name] == half)
        yield Generalist(RELATIVES, f"half {half}", _others(families, unseen), unseen)


def trained(generalist: Generalist) -> nn.Module:
    """Return the last stage of a generalist."""
    images = joined([task_images(name) for name in generalist.tasks])
    rows = np.arange(len(images.labels))
    run = stage_training(default_stage(), images, rows, images.labels, SETTINGS)
    while run.epoch < run.epochs:
        run.run_epoch(unheard)
    return run.backbone.eval().requires_grad_(False)


def rows_of(generalist: Generalist, stage: nn.Module, target: str) -> list[GeneralistRow]:
    """Return what a generalist is worth on a task that it has not seen.

    Last stages are fine-tuned on the first draw, and only on the first task of each family.
    """
    families = _families()
    met = _target(target)
    own = Answers(met, stage)
    rows = []
    for (shots, draw), plain in met.default.right.items():
        right = own.right(shots, draw)
        tuned = default_tuned = -1
        if draw == 0 and target in asked_of(families):
            tuned = int(tuned_right(stage, met, shots).sum())
            default_tuned = _default_tuned(target, shots)
        rows.append(
            GeneralistRow(
                split=generalist.split,
                generalist=generalist.name,
                target=target,
                family=families[target],
                shots=shots,
                draw=draw,
                tested=len(right),
                right=int(right.sum()),
                default_right=int(plain.sum()),
                tuned=tuned,
                default_tuned=default_tuned,
            )
        )
    return rows


def main() -> None:
    """Train the generalists that the table lacks, and add what they are worth."""
    done = Counter((row.split, row.generalist, row.target) for row in read_rows())
    keep_freed_memory()
    asked = sys.argv[1:] or (SUPERFAMILY, RELATIVES)
    for generalist in generalists(_families()):
        if generalist.split not in asked and generalist.name not in asked:
            continue
        left = [
            name for name in generalist.unseen if not done[generalist.split, generalist.name, name]
        ]
        if not left:
            continue
        began = time.process_time()
        stage = trained(generalist)
        print(generalist, f"{time.process_time() - began:.0f} s", flush=True)
        for name in left:
            append_list(rows_of(generalist, stage, name), TABLE)


def read_rows() -> list[GeneralistRow]:
    """Return the rows of the table; none where there is no table."""
    return read_list(GeneralistRow, TABLE)


def _others(families: dict[str, str], unseen: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in families if name not in unseen)


def _halves(families: dict[str, str]) -> dict[str, int]:
    """Return in which half each task is: those of a family take turns, in order of their names."""
    seen: Counter[str] = Counter()
    halves = {}
    for name in sorted(families):
        halves[name] = seen[families[name]] % 2
        seen[families[name]] += 1
    return halves


@cache
def _families() -> dict[str, str]:
    return {name: task.family for name, task in development_tasks().items()}


@cache
def _target(name: str) -> Target:
    return Target(task_images(name), default_stage())


@cache
def _default_tuned(name: str, shots: int) -> int:
    return int(tuned_right(default_stage(), _target(name), shots).sum())


if __name__ == "__main__":
    main()
