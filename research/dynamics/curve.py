"""E1: does the information rise and then fall? ``python -m research.dynamics.curve``.

*Prediction, written before the runs:* the trace of the Fisher information peaks in the first third
of training and falls to less than half of its peak while accuracy goes on rising, with and without
weight decay and batch norm; deeper layers peak later. With random labels it does not fall before
the network has memorised them.

*Tests.* Over runs (a data set and a variant, five seeds each): sign test of peak > 2 x final;
Page's test that the epoch of a layer's peak rises with its depth, over seeds. Control: the trace
over the loss, since gradients of a model that is sure of its answers are small.

The settings of training were chosen by runs with seed 100, which is not among the five, so that
the networks learn: without momentum they were at 25 to 75 % after 30 epochs, and their traces still
rose. The whole takes some 90 minutes of one core, and it goes on where it stopped.
"""

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from scipy.stats import binomtest, page_trend_test

from benchmarks.machine import describe
from research import RESULTS
from research.development.tasks import cache
from research.dynamics.data import Data, load
from task2vec.atomic_file import atomic_file
from task2vec.dynamics.monitor import InformationMonitor, Measurement
from task2vec.dynamics.scratch import Images, ScratchSettings, ScratchTraining

EPOCHS, SEEDS, MONITORED = 60, 5, 200
#: The first epochs, in which the trace moves fast, are measured in quarters.
FINE, PARTS = 4, 4
TRAINED = 1000
BASE = ScratchSettings(
    network="cnn", batch=32, rate=0.05, decay=0.95, momentum=0.9, weight_decay=0.0
)
VARIANTS = {
    # Without batch norm this network does not begin to learn at the rate of the others.
    "plain": replace(BASE, norm=False, rate=0.02),
    "batch norm": BASE,
    "weight decay": replace(BASE, weight_decay=1e-3),
    "random labels": BASE,
}
DATA = ("clothes", "letters", "digits")
TABLE = RESULTS / "dynamics_curve.csv"
REPORT = RESULTS / "dynamics_curve.json"


@dataclass(frozen=True)
class Run:
    """One network, trained from scratch."""

    data: str
    variant: str
    seed: int

    @property
    def name(self) -> str:
        """A name that a file may have."""
        return f"{self.data}-{self.variant}-{self.seed}".replace(" ", "_")


def runs() -> Iterator[Run]:
    """Yield all runs; the first seed of every kind comes first."""
    for seed in range(SEEDS):
        for data in DATA:
            for variant in VARIANTS:
                yield Run(data, variant, seed)


def carry_out(run: Run) -> list[dict[str, Any]]:
    """Train a network and return what was measured after each epoch, and before the first."""
    kept = cache() / "dynamics" / "curve" / f"{run.name}.json"
    if kept.exists():
        found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    torch.set_num_threads(1)
    data = load(run.data, most=TRAINED)
    train = _labelled(data, run)
    settings = replace(VARIANTS[run.variant], seed=run.seed)
    training = ScratchTraining(train, classes=data.classes, settings=settings)
    monitor = InformationMonitor(
        training.network, train.images[:MONITORED], train.labels[:MONITORED]
    )
    rows = [_row(monitor.measure(epoch=0), training, data)]
    steps = -(-len(train) // settings.batch)
    for epoch in range(EPOCHS):
        parts = PARTS if epoch < FINE else 1
        due = {round(steps * part / parts) for part in range(1, parts + 1)}
        step = 0

        def look(epoch: int = epoch, due: set[int] = due) -> None:
            nonlocal step
            step += 1
            if step in due:
                measured = monitor.measure(epoch=epoch + step / steps)
                rows.append(_row(measured, training, data))

        training.run_epoch(look)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(kept) as partial:
        partial.write_text(json.dumps(rows), encoding="utf-8")
    return rows


def _labelled(data: Data, run: Run) -> Images:
    if run.variant != "random labels":
        return data.train
    drawn = torch.Generator().manual_seed(1000 + run.seed)
    labels = torch.randint(0, data.classes, data.train.labels.shape, generator=drawn)
    return Images(data.train.images, labels)


def _row(measured: Measurement | None, training: ScratchTraining, data: Data) -> dict[str, Any]:
    assert measured is not None
    return {
        "epoch": measured.epoch,
        "trace": measured.trace,
        "trace_error": measured.trace_error,
        "loss": measured.loss,
        "accuracy": measured.accuracy,
        "test_accuracy": training.accuracy(data.test),
        "layers": {layer.name: layer.trace for layer in measured.layers},
    }


def summarise(results: dict[Run, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return, for each data set and variant, where the peak lies and how far it falls."""
    rows = []
    for data in DATA:
        for variant in VARIANTS:
            own = [
                rows for run, rows in results.items() if (run.data, run.variant) == (data, variant)
            ]
            if not own:
                continue
            epochs = np.array([row["epoch"] for row in own[0]])
            traces = np.array([[row["trace"] for row in run] for run in own])
            over_loss = np.array([[row["trace"] / row["loss"] for row in run] for run in own])
            layers = np.array([[list(row["layers"].values()) for row in run] for run in own])
            falls = traces.max(axis=1) / traces[:, -1]
            highest = zip(own, traces.argmax(axis=1), strict=True)
            # (seeds, layers): the epoch of each layer's peak.
            peaks = epochs[layers.argmax(axis=1)]
            rows.append(
                {
                    "data": data,
                    "variant": variant,
                    "seeds": len(own),
                    "start": float(traces[:, 0].mean()),
                    "peak": float(traces.max(axis=1).mean()),
                    "peak_epoch": epochs[traces.argmax(axis=1)].tolist(),
                    "final": float(traces[:, -1].mean()),
                    "peak_over_final": [float(f) for f in falls],
                    "peak_over_final_per_loss": [
                        float(f) for f in over_loss.max(axis=1) / over_loss[:, -1]
                    ],
                    "accuracy_at_peak": float(
                        np.mean([run[peak]["test_accuracy"] for run, peak in highest])
                    ),
                    "final_accuracy": float(np.mean([run[-1]["test_accuracy"] for run in own])),
                    "final_train_accuracy": float(np.mean([run[-1]["accuracy"] for run in own])),
                    "sign_test": float(
                        binomtest(int((falls > 2).sum()), len(falls), alternative="greater").pvalue
                    ),
                    "peak_epoch_by_layer": peaks.mean(axis=0).tolist(),
                    "page_test": float(page_trend_test(peaks).pvalue) if len(own) > 1 else None,
                }
            )
    return rows


def main() -> None:
    """Carry out what is left, and write the table of curves and the report."""
    parser = argparse.ArgumentParser(prog="python -m research.dynamics.curve")
    parser.add_argument("--jobs", type=int, default=2)
    jobs = parser.parse_args().jobs
    for name in DATA:
        load(name)  # once, before several processes ask for it
    plan = list(runs())
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        results = dict(zip(plan, pool.map(carry_out, plan), strict=True))
    write(results)


def write(results: dict[Run, list[dict[str, Any]]]) -> None:
    """Write the curves as a table, and the report."""
    lines = ["data,variant,seed,epoch,trace,trace_error,loss,accuracy,test_accuracy"]
    for run, rows in results.items():
        for row in rows:
            numbers = ",".join(
                f"{row[key]:.6g}"
                for key in ("epoch", "trace", "trace_error", "loss", "accuracy", "test_accuracy")
            )
            lines.append(f"{run.data},{run.variant},{run.seed},{numbers}")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = {
        "machine": describe(),
        "settings": {name: asdict(settings) for name, settings in VARIANTS.items()},
        "epochs": EPOCHS,
        "trained_on": TRAINED,
        "monitored": MONITORED,
        "result": summarise(results),
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
