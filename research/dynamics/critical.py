"""E2 to E4: what a deficit early in training costs for good: ``research.dynamics.critical``.

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
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import page_trend_test, permutation_test, spearmanr, ttest_rel

from benchmarks.machine import describe
from research import RESULTS
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
#: Over so many last epochs accuracies and shares are averaged.
LAST = 5
TABLE = RESULTS / "dynamics_critical.csv"
REPORT = RESULTS / "dynamics_critical.json"
_COLUMNS = ("deficit", "start", "end", "seed", "epoch", "test_accuracy", "trace", "loss")


@dataclass(frozen=True)
class Family:
    """Courses that are trained in one go; the first is the one that the others branch off from."""

    schedule: str
    courses: tuple[Course, ...]


def families() -> Iterator[Family]:
    """Yield all courses, seed by seed; those of the constant rate come last."""
    for schedule in SCHEDULES:
        for seed in range(SEEDS):
            clean, blurred = Course(seed, REMOVED[-1] + CLEAN_AFTER), _until_removed(seed, "blur")
            if schedule == "constant":
                yield Family(schedule, (clean,))
                yield Family(schedule, blurred)
                continue
            first, *later = (
                Course(seed, WINDOWED_EPOCHS, "blur", start, start + WINDOW) for start in STARTS
            )
            yield Family(schedule, (clean, *later))
            # The window at the very start branches off from the blurred run.
            yield Family(schedule, (*blurred, first))
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


def trend(values: NDArray[np.float64]) -> float:
    """Return Page's p that the columns of (seeds, conditions) rise from left to right."""
    return float(page_trend_test(values).pvalue)


def paired(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float]:
    """Return the mean of one - other over seeds, its 95 % interval, and p (two-sided t test)."""
    test = ttest_rel(one, other)
    low, high = test.confidence_interval(0.95)
    return {
        "mean": float((one - other).mean()),
        "low": float(low),
        "high": float(high),
        "p": float(test.pvalue),
    }


class Report:
    """What the courses of a schedule tell; rows of all arrays are seeds."""

    def __init__(self, records: Sequence[CourseRecord]) -> None:
        self._by = {(r.deficit, r.start, r.end, r.epochs, r.seed): r for r in records}
        self._clean = [self._by["", 0, 0, REMOVED[-1] + CLEAN_AFTER, s] for s in range(SEEDS)]

    def until_removed(self, deficit: str) -> dict[str, Any]:
        """E2: final accuracy by the epoch of removal, against clean runs."""
        ends = [self._final(deficit, 0, end, end + CLEAN_AFTER) for end in REMOVED]
        losses = self._clean_at(CLEAN_AFTER)[:, None] - np.stack(ends, axis=1)
        return {
            "accuracy": {end: _mean(of) for end, of in zip(REMOVED, ends, strict=True)},
            "lost_against_as_many_clean_epochs": {
                end: paired(self._clean_at(CLEAN_AFTER), of)
                for end, of in zip(REMOVED, ends, strict=True)
            },
            "lost_against_as_many_epochs_in_all": {
                end: paired(self._clean_at(end + CLEAN_AFTER), of)
                for end, of in zip(REMOVED, ends, strict=True)
            },
            "page_test": trend(losses),
        }

    def windows(self) -> dict[str, Any]:
        """E3: what a short blur costs by its start, beside the trace of the clean run."""
        finals = [self._final("blur", start, start + WINDOW, WINDOWED_EPOCHS) for start in STARTS]
        lost = (self._clean_at(WINDOWED_EPOCHS)[:, None] - np.stack(finals, axis=1)).mean(axis=0)
        traces = np.array(
            [
                np.mean([row.trace for r in self._clean for row in r.rows[a : a + WINDOW]])
                for a in STARTS
            ]
        )
        found = permutation_test(
            (traces,),
            lambda x: spearmanr(x, lost).statistic,
            permutation_type="pairings",
            alternative="greater",
            n_resamples=np.inf,
        )
        return {
            "starts": list(STARTS),
            "lost": lost.tolist(),
            "lost_paired": [paired(self._clean_at(WINDOWED_EPOCHS), final) for final in finals],
            "trace": traces.tolist(),
            "spearman": float(found.statistic),
            "p": float(found.pvalue),
        }

    def plasticity(self) -> dict[str, Any]:
        """E4: how far the layers' shares are from the clean run's, and the last layers' share."""
        peaks = [max(r.rows, key=lambda row: row.trace).epoch for r in self._clean]
        distances, late_before, late_after = {}, {}, {}
        for end in REMOVED:
            records = [self._by["blur", 0, end, end + CLEAN_AFTER, seed] for seed in range(SEEDS)]
            clean_there = np.stack([_shares(r, CLEAN_AFTER) for r in self._clean])
            final = np.stack([_shares(r, end + CLEAN_AFTER) for r in records])
            distances[end] = np.abs(final - clean_there).sum(axis=1) / 2
            under = np.stack([_shares(r, end) for r in records])
            clean_then = np.stack([_shares(r, end) for r in self._clean])
            late_before[end] = paired(_late(under), _late(clean_then))
            late_after[end] = paired(_late(final), _late(clean_there))
        return {
            "peak_epoch_of_clean": peaks,
            "distance_at_the_end": {end: _mean(of) for end, of in distances.items()},
            "latest_minus_first_removal": paired(distances[REMOVED[-1]], distances[REMOVED[0]]),
            "page_test": trend(np.stack(list(distances.values()), axis=1)),
            "late_share_under_blur_minus_clean": late_before,
            "late_share_at_the_end_minus_clean": late_after,
        }

    def blur_against_flip(self) -> dict[str, float]:
        """E2: by how much more blur costs than flip, at the latest removal."""
        end = REMOVED[-1]
        blur, flip = (self._final(d, 0, end, end + CLEAN_AFTER) for d in ("blur", "flip"))
        return paired(flip, blur)

    def _final(self, deficit: str, start: int, end: int, epochs: int) -> NDArray[np.float64]:
        return np.array(
            [_accuracy(self._by[deficit, start, end, epochs, s], epochs) for s in range(SEEDS)]
        )

    def _clean_at(self, epoch: int) -> NDArray[np.float64]:
        return np.array([_accuracy(record, epoch) for record in self._clean])


def _accuracy(record: CourseRecord, epoch: int) -> float:
    """Return the mean test accuracy of the last epochs up to this one: single ones are noisy."""
    rows = record.rows[epoch + 1 - LAST : epoch + 1]
    return float(np.mean([row.test_accuracy for row in rows]))


def _shares(record: CourseRecord, epoch: int) -> NDArray[np.float64]:
    """Return each layer's share of the trace, mean of the last epochs up to this one."""
    rows = record.rows[epoch + 1 - LAST : epoch + 1]
    shares = np.array([[layer.trace / row.trace for layer in row.layers] for row in rows])
    return np.asarray(shares.mean(axis=0))


def _late(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the second half of the layers."""
    return np.asarray(shares[:, shares.shape[1] // 2 :].sum(axis=1))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean())


def write(records: Sequence[CourseRecord]) -> None:
    """Write every other epoch of all courses as a table, and the report."""
    names = [layer.name for layer in records[0].rows[0].layers]
    lines = [",".join([*_COLUMNS, *(f"share of {name}" for name in names)])]
    for r in sorted(records, key=lambda r: (r.deficit, r.start, r.end, r.seed)):
        for row in r.rows[::2]:
            plain = f"{row.test_accuracy:.4f},{row.trace:.5g},{row.loss:.4g}"
            shares = ",".join(f"{layer.trace / row.trace:.3f}" for layer in row.layers)
            lines.append(f"{r.deficit},{r.start},{r.end},{r.seed},{row.epoch},{plain},{shares}")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = Report(records)
    found = {
        "machine": describe(),
        "settings": asdict(SETTINGS),
        "trained_on": TRAINED,
        "seeds": SEEDS,
        "accuracies_are_means_of_the_last_epochs": LAST,
        "result": {
            "blur": report.until_removed("blur"),
            "flip": report.until_removed("flip"),
            "blur_against_flip": report.blur_against_flip(),
            "windows": report.windows(),
            "plasticity": report.plasticity(),
        },
    }
    REPORT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Carry out what is left, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m research.dynamics.critical")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--constant", action="store_true", help="with a constant rate, too")
    arguments = parser.parse_args()
    load(DATA)  # once, before several processes ask for it
    plan = [each for each in families() if arguments.constant or each.schedule == "decayed"]
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        found = list(zip(plan, pool.map(carry_out, plan), strict=True))
    write([r for family, records in found if family.schedule == "decayed" for r in records])


if __name__ == "__main__":
    main()
