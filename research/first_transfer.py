"""What an expert of one example task gains on another: the table behind the first recommender.

An expert of the default model is fine-tuned on one or two example tasks of each larger family. Its
outcome on every other task is the accuracy of a head on its frozen features, with 5 images a class,
over 20 draws of these, on all other drawn images; its gain is over the plain default on the same
draws. Some minutes for each expert on two cores; run again after an interruption, it goes on where
it stopped.

    python -m research.first_transfer
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.examples import families, folder
from research import RESULTS
from research.transfer_table import append_rows, sources_in
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import Sample, draw_sample
from task2vec.embedding.engine import LocalEngine
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import hold_out
from task2vec.probe.head import fit_head
from task2vec.probe.probe import Pixels, Probe

TABLE = RESULTS / "first_transfer.csv"
DRAWS, SHOTS, TARGET_IMAGES = 20, 5, 200
SOURCES = (
    "latin_small_letters",
    "emoji_food",
    "fashion_mixed",
    "greek_capitals",
    "clipart_food",
    "satellite_day",
    "sprites_facing",
    "clipart_transport",
)
COLUMNS = ("source", "target", "gain", "gain_sd", "accuracy", "default_accuracy", "draws")


def main() -> None:
    """Fill the table row by row of experts."""
    engine = LocalEngine()
    plain = engine.probe("efficientnet_lite0")
    samples = {
        name: draw_sample(
            open_source(folder(name)), images=TARGET_IMAGES, seed=1, transform=plain.preprocess
        )
        for name in families()
    }
    base = {name: _accuracies(plain.backbone, plain, sample) for name, sample in samples.items()}
    done = sources_in(TABLE)
    for source in SOURCES:
        if source in done:
            continue
        backbone = _expert(plain, source)
        rows = []
        for target, sample in samples.items():
            if target == source:
                continue
            found = _accuracies(backbone, plain, sample)
            gains = found - base[target]
            rows.append(
                (
                    source,
                    target,
                    f"{gains.mean():.4f}",
                    f"{gains.std(ddof=1):.4f}",
                    f"{found.mean():.4f}",
                    f"{base[target].mean():.4f}",
                    DRAWS,
                )
            )
        append_rows(TABLE, rows, columns=COLUMNS)
        mean = np.mean([float(row[2]) for row in rows])
        print(f"    mean gain {100 * mean:+.1f} points", flush=True)


def _expert(plain: Probe, source: str) -> torch.nn.Module:
    parts = hold_out(open_source(folder(source)), images=400, seed=0, transform=plain.preprocess)
    tuned = fine_tune(
        plain,
        parts.training,
        parts.validation,
        classes=len(parts.classes),
        settings=FineTuningSettings(),
    )
    print(
        f"{source}: epoch {tuned.best_epoch}, {tuned.choice and tuned.choice.reason}",
        flush=True,
    )
    return tuned.backbone.eval()


def _accuracies(
    backbone: torch.nn.Module, plain: Probe, sample: Sample[Pixels]
) -> NDArray[np.float64]:
    with torch.inference_mode():
        features = np.concatenate(
            [
                backbone(plain.to_input(sample.images[first : first + 16])).numpy()
                for first in range(0, len(sample.images), 16)
            ]
        )
    classes = len(sample.classes)
    return np.array(
        [_accuracy(features, sample.labels, train, classes) for train in _draws(sample.labels)]
    )


def _draws(labels: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    generator = np.random.default_rng(0)
    for _ in range(DRAWS):
        yield np.concatenate(
            [
                generator.permutation(np.flatnonzero(labels == label))[:SHOTS]
                for label in np.unique(labels)
            ]
        )


def _accuracy(
    features: NDArray[np.float32], labels: NDArray[np.int64], train: NDArray[np.int64], classes: int
) -> float:
    head = fit_head(features[train], labels[train], classes=classes)
    test = np.setdiff1d(np.arange(len(labels)), train)
    logits = features[test] @ head.weight.T + head.bias
    return float((logits.argmax(axis=1) == labels[test]).mean())


if __name__ == "__main__":
    main()
