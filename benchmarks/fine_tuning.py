"""Which recipe of fine-tuning is best with few images and with all, against a linear probe.

    python -m benchmarks.fine_tuning [--processes 6]
    python -m benchmarks.fine_tuning --table

Each cell is a task, a budget and a seed: all recipes are trained on the same images and judged on
the same other ones. Every measured number is written at once; what is there is not measured again.
The second
form prints what benchmarks/results/fine_tuning.json holds, as tables.
"""

import argparse
import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import gettempdir
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.model_selection import StratifiedKFold

from benchmarks.examples import RESULTS, folder
from benchmarks.fine_tuning_tables import show
from benchmarks.machine import describe
from task2vec.data.open import open_source
from task2vec.data.sample import draw_sample
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import load_probe
from task2vec.recommend.classifying import classify, fitted_classifier, frozen_features, unheard
from task2vec.recommend.holdout import Labelled
from task2vec.recommend.training import Training
from task2vec.recommend.tuning_settings import FineTuningSettings, HeadStart

RESULT = RESULTS / "fine_tuning.json"
PROBE = "efficientnet_lite0?input_size=96"
TASKS = (
    "clipart_food",
    "fashion_tops",
    "greek_capitals",
    "satellite_night",
    "sprites_facing",
    "tango_icons",
)
CLASSES = 5
FEW = 5
TESTS = 150
MOST = 200
FOLDS = 3

SEEDS = (0, 1)
KEY = ("budget", "seed", "task", "recipe")

LEGACY = FineTuningSettings(
    epochs=8, batch_size=32, learning_rate=1e-3, weight_decay=1e-2, augmentation=1.0
)
SMALL = replace(LEGACY, batch_size=8, epochs=16)
#: None is the linear probe.
RECIPES: Mapping[str, FineTuningSettings | None] = {
    "linear probe": None,
    "batch 32, 8 epochs": LEGACY,
    "batch 8, 16 epochs": SMALL,
    "head of the linear probe": replace(SMALL, head_start=HeadStart.LINEAR_PROBE),
    "rate 3e-3": replace(SMALL, learning_rate=3e-3),
    "no augmentation": replace(SMALL, augmentation=0.0),
    "rate 3e-4": replace(SMALL, learning_rate=3e-4),
    "batch 8, 8 epochs": replace(SMALL, epochs=8),
    "twice the augmentation": replace(SMALL, augmentation=2.0),
    "weight decay 0.1": replace(SMALL, weight_decay=0.1),
}
MAIN = ("linear probe", "batch 32, 8 epochs", "batch 8, 16 epochs")
VARIATIONS = tuple(name for name in RECIPES if name not in MAIN)
FOLDED = ("batch 8, 16 epochs", "rate 3e-4", "rate 3e-3")
#: With all images: whole runs, and short ones whose validation loss could choose the rate.
RATES = (1e-3, 3e-4, 3e-3)
SHORT = 2


@dataclass(frozen=True)
class Cell:
    """Training and test images of a task."""

    training: Labelled[Pixels]
    test: Labelled[Pixels]
    classes: int


def main() -> None:
    """Measure what is missing, or show what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="show the results")
    parser.add_argument("--processes", type=int, default=1, help="each measures some of the tasks")
    asked = parser.parse_args()
    if asked.table:
        show(json.loads(RESULT.read_text(encoding="utf-8"))["rows"])
        return
    torch.set_num_threads(1)
    _probe()
    context = get_context("fork")
    workers = [
        context.Process(target=_measure, args=(TASKS[first :: asked.processes],))
        for first in range(asked.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _measure(tasks: Sequence[str]) -> None:
    known = {tuple(row[name] for name in KEY) for row in _rows()}
    for task in tasks:
        for key, measure in _plan(task):
            if key not in known:
                started = process_time()
                row = {**dict(zip(KEY, key, strict=True)), **measure()}
                _store({**row, "processor_seconds": round(process_time() - started, 1)})


def _rows() -> list[dict[str, Any]]:
    if not RESULT.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(RESULT.read_text(encoding="utf-8"))["rows"]
    return rows


def _store(row: dict[str, Any]) -> None:
    print(row, flush=True)
    with (Path(gettempdir()) / "task2vec-fine-tuning.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = [*_rows(), row]
        rows.sort(key=lambda row: [row[name] for name in KEY])
        about = {"probe": PROBE, "machine": describe(), "rows": rows}
        unready = RESULT.with_suffix(".partial")
        unready.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        unready.replace(RESULT)


def _plan(task: str) -> Iterator[tuple[tuple[Any, ...], Callable[[], dict[str, Any]]]]:
    """Give what is to be measured of a task, what is needed most first."""
    for names in (MAIN, VARIATIONS):
        for seed in SEEDS:
            for name in names:
                settings = RECIPES[name]
                yield ("few", seed, task, name), partial(_tuned, task, "few", seed, settings)
                if name in FOLDED:
                    measure = partial(_folds, task, "few", seed, settings)
                    yield ("few", seed, task, f"folds, {name}"), measure
    yield ("all", 0, task, "linear probe"), partial(_frozen, task, "all", 0)
    for rate in RATES:
        for epochs in (8, SHORT):
            settings = replace(LEGACY, learning_rate=rate, epochs=epochs)
            measure = partial(_tuned, task, "all", 0, settings)
            yield ("all", 0, task, f"rate {rate:g}, {epochs} epochs"), measure


@cache
def _probe() -> Probe:
    return load_probe(PROBE)


@cache
def _drawn(task: str, seed: int) -> tuple[tuple[Pixels, ...], NDArray[np.int64]]:
    sample = draw_sample(
        open_source(folder(task)), images=10_000, seed=seed, transform=_probe().preprocess
    )
    # A cost that grows with the classes buys no other kind of evidence.
    kept = np.flatnonzero(sample.labels < CLASSES)
    order = np.random.default_rng(seed).permutation(kept)
    return tuple(sample.images[i] for i in order), sample.labels[order]


@cache
def _cell(task: str, budget: str, seed: int) -> Cell:
    images, labels = _drawn(task, seed)
    rank = np.array([int((labels[:i] == label).sum()) for i, label in enumerate(labels)])
    counts = np.bincount(labels)
    limit = np.full(len(labels), FEW)
    if budget == "all":
        limit = counts[labels] - np.maximum(1, counts[labels] // 4)
    train = np.flatnonzero(rank < limit)[:MOST]
    tests = np.flatnonzero(rank >= limit)[:TESTS]

    def take(chosen: NDArray[np.int64]) -> Labelled[Pixels]:
        return Labelled(
            tuple(images[i] for i in chosen), labels[chosen], tuple(map(str, chosen.tolist()))
        )

    return Cell(take(train), take(tests), len(counts))


@cache
def _features(task: str, budget: str, seed: int) -> torch.Tensor:
    return frozen_features(_probe(), _cell(task, budget, seed).training.images, unheard)


def _frozen(task: str, budget: str, seed: int) -> dict[str, Any]:
    cell = _cell(task, budget, seed)
    training, validation = _validated(cell, budget)
    features = _features(task, budget, seed)
    head = _head(features[training], cell.training.labels[training], cell.classes)
    found = _judged(classify(_probe().backbone, head, _probe(), cell.test.images), cell.test.labels)
    if len(validation):
        with torch.inference_mode():
            found |= _validation(head(features[validation]), cell.training.labels[validation])
    return {
        **found,
        "classes": cell.classes,
        "training": len(training),
        "validation": len(validation),
        "test": len(cell.test.images),
    }


def _tuned(
    task: str, budget: str, seed: int, settings: FineTuningSettings | None
) -> dict[str, Any]:
    if settings is None:
        return _frozen(task, budget, seed)
    cell = _cell(task, budget, seed)
    training, validation = _validated(cell, budget)
    data = _some(cell.training, training)
    head = _head(_features(task, budget, seed)[training], data.labels, cell.classes)
    run = Training(
        _probe(),
        data,
        classifier=head,
        settings=replace(settings, seed=seed),
        rate=settings.learning_rate,
    )
    trace = []
    for _ in range(run.epochs):
        run.run_epoch(unheard)
        if len(validation):
            held = _some(cell.training, validation)
            logits = classify(run.backbone, run.classifier, _probe(), held.images)
            trace.append(_validation(logits, held.labels))
    logits = classify(run.backbone, run.classifier, _probe(), cell.test.images)
    return {**_judged(logits, cell.test.labels), **({"trace": trace} if trace else {})}


def _folds(
    task: str, budget: str, seed: int, settings: FineTuningSettings | None
) -> dict[str, Any]:
    """Cross-validate the recipe and the linear probe on the training images."""
    assert settings is not None
    cell = _cell(task, budget, seed)
    labels, features = cell.training.labels, _features(task, budget, seed)
    tuned, frozen = (torch.zeros(len(labels), cell.classes) for _ in range(2))
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for train, held in splitter.split(labels, labels):
        head = _head(features[train], labels[train], cell.classes)
        with torch.inference_mode():
            frozen[held] = head(features[held])
        run = Training(
            _probe(),
            _some(cell.training, train),
            classifier=head,
            settings=replace(settings, seed=seed),
            rate=settings.learning_rate,
        )
        for _ in range(run.epochs):
            run.run_epoch(unheard)
        images = _some(cell.training, held).images
        tuned[held] = classify(run.backbone, run.classifier, _probe(), images)
    return {
        "linear_probe": _judged(frozen, labels),
        "fine_tuning": _judged(tuned, labels),
        "images": len(labels),
    }


def _validated(cell: Cell, budget: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    every = np.arange(len(cell.training.labels))
    if budget == "few":
        return every, every[:0]
    # Every sixth image: they lie in random order.
    return every[every % 6 != 0], every[every % 6 == 0]


def _some(data: Labelled[Pixels], chosen: NDArray[np.int64]) -> Labelled[Pixels]:
    return Labelled(
        tuple(data.images[i] for i in chosen),
        data.labels[chosen],
        tuple(data.keys[i] for i in chosen),
    )


def _head(features: torch.Tensor, labels: NDArray[np.int64], classes: int) -> torch.nn.Linear:
    return fitted_classifier(features, labels, classes=classes, device=torch.device("cpu"))


def _judged(logits: torch.Tensor, labels: NDArray[np.int64]) -> dict[str, Any]:
    """Return accuracy and loss, also with the best temperature, and which were right."""
    right = logits.argmax(dim=1).numpy() == labels
    best = minimize_scalar(lambda t: _loss(logits / np.exp(t), labels), bounds=(-3, 3))
    return {
        "accuracy": round(float(right.mean()), 4),
        "loss": round(_loss(logits, labels), 4),
        "tempered_loss": round(float(best.fun), 4),
        "temperature": round(float(np.exp(best.x)), 3),
        "correct": "".join(map(str, right.astype(int))),
    }


def _validation(logits: torch.Tensor, labels: NDArray[np.int64]) -> dict[str, float]:
    judged = _judged(logits, labels)
    return {f"validation_{key}": judged[key] for key in ("accuracy", "loss", "tempered_loss")}


def _loss(logits: torch.Tensor, labels: NDArray[np.int64]) -> float:
    return float(torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)))


if __name__ == "__main__":
    main()
