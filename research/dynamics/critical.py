"""E2 to E4: what a deficit early in training costs for good. ``python -m research.dynamics.critical``.

*Predictions, written before the runs.*

E2. Blur (32 to 8 pixels) until epoch 10, 20, 40 or 60 of training on 26 letters, then 80 clean
epochs: 3 to 8 points of accuracy lost for good, more the later it ends; none for images upside
down. Tests over seeds: Page's test for an ordered trend in the epoch of removal (it is
Jonckheere's with seeds as blocks); blur against flip, paired, at the latest removal; each against
clean training of as many epochs in all.

E3. Blur for 8 epochs only, at a later and later start: what it costs follows the trace of the
clean run. Test: Spearman's correlation over starts above 0.6, permuting starts.

E4. Under blur information moves to late layers. It comes back if the blur ends before the trace of
the clean run peaks, and not after. Test: the distance of the layers' shares from those of the clean
run at the same number of clean epochs, paired over seeds.

The learning rate falls by 3 % an epoch; with ``--constant`` it stays. Seed 100, which is not among
the five, was used to see that the networks learn. An epoch takes 1.2 seconds of one core, the whole
some 180 minutes of one; it goes on where it stopped.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import torch

from research.development.tasks import cache
from research.dynamics.data import load
from task2vec.dynamics.courses import Course, Laboratory
from task2vec.dynamics.scratch import ScratchSettings
from task2vec.messages.dynamics import CourseRecord

DATA, TRAINED, SEEDS = "letters", 2000, 5
SETTINGS = ScratchSettings(network="all-cnn", weight_decay=1e-3)
SCHEDULES = {"decayed": SETTINGS, "constant": replace(SETTINGS, decay=1.0)}
REMOVED, CLEAN_AFTER = (10, 20, 40, 60), 80
WINDOW, STARTS, WINDOWED_EPOCHS = 8, (0, 4, 8, 16, 24, 40, 64), 80


@dataclass(frozen=True)
class Family:
    """Courses that are trained in one go; the first is the one that the others branch off from."""

    schedule: str
    courses: tuple[Course, ...]


def families() -> Iterator[Family]:
    """Yield all courses, seed by seed; those of the constant rate come last."""
    for schedule in SCHEDULES:
        for seed in range(SEEDS):
            clean = Course(seed, REMOVED[-1] + CLEAN_AFTER)
            windows = [
                Course(seed, WINDOWED_EPOCHS, "blur", start, start + WINDOW) for start in STARTS
            ]
            if schedule == "constant":
                windows = []
            # The window at the very start branches off from the blurred run.
            yield Family(schedule, (clean, *windows[1:]))
            yield Family(schedule, (*_until_removed(seed, "blur"), *windows[:1]))
            if schedule != "constant":
                yield Family(schedule, _until_removed(seed, "flip"))


def _until_removed(seed: int, deficit: str) -> tuple[Course, ...]:
    return tuple(Course(seed, end + CLEAN_AFTER, deficit, 0, end) for end in reversed(REMOVED))


def carry_out(family: Family) -> Sequence[CourseRecord]:
    """Train what is missing of a family, and return its records."""
    torch.set_num_threads(1)
    data = load(DATA, most=TRAINED)
    lab = Laboratory(data.train, data.test, data.classes, SCHEDULES[family.schedule])
    folder = cache() / "dynamics" / "critical" / family.schedule
    return list(lab.carry_out(family.courses, folder))


def main() -> None:
    """Carry out what is left, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m research.dynamics.critical")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--constant", action="store_true", help="with a constant rate, too")
    arguments = parser.parse_args()
    load(DATA)  # once, before several processes ask for it
    plan = [each for each in families() if arguments.constant or each.schedule == "decayed"]
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        for family, records in zip(plan, pool.map(carry_out, plan), strict=True):
            print(family.schedule, family.courses[0].name, len(records), flush=True)


if __name__ == "__main__":
    main()
