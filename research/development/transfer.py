"""What an expert of one development task gains on another: the yardstick of transfer.

    python -m research.development.transfer [EXPERT ...]

An expert of the default probe is fine-tuned at 96 pixels on one task of each family. Its outcome on
every other task is the accuracy of a head on its frozen features, fitted to few images a class and
tested on all other drawn images, over several draws; its gain is over the plain probe on the same
draws. No two tasks share an image, and no test image shows an object that is trained on. Some
minutes an expert; run again after an interruption, it goes on where it stopped.
"""

import sys
import time
import zlib
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from research import RESULTS
from research.development.passes import BASE, BATCH, halves
from research.development.tasks import DevelopmentTask, development_tasks
from research.transfer_table import append_rows, sources_in
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import Sample, all_images
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import hold_out
from task2vec.probe.head import fit_head
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import load_probe

TABLE = RESULTS / "evidence_transfer.csv"
COLUMNS = ("source", "target", "gain", "gain_sd", "accuracy", "default_accuracy", "draws", "shots")
DRAWS, SHOTS, TARGET_IMAGES = 10, 5, 150
SETTINGS = FineTuningSettings(epochs=6)
EXPERT_IMAGES = 260
#: One of each family, those first whose family has no expert in ``first_transfer.csv``.
EXPERTS = (
    "hebrew_letters",
    "emoji_animals",
    "units_beasts",
    "gnome_icons",
    "scripts_indian",
    "textures_objects",
    "terrain_nature",
    "tones_of_activities",
    "digits_low",
    "styles_capitals",
    "flags_askew",
    "fashion_tops",
    "satellite_day",
    "clipart_food",
    "sprites_facing",
)


class Target:
    """Drawn images of a task, with what is needed to score features of them."""

    def __init__(self, task: DevelopmentTask, plain: Probe) -> None:
        sample: Sample[Pixels] = all_images(open_source(task.folder), transform=plain.preprocess)
        a, b = halves(sample.labels, name=task.name)
        chosen = np.concatenate([a[: TARGET_IMAGES // 2], b[: TARGET_IMAGES // 2]])
        self.name = task.name
        self.images = [sample.images[position] for position in chosen]
        self.labels = sample.labels[chosen]
        self.classes = len(sample.classes)
        # Frames of a sprite, tones of an emoji and the like share the name before "__".
        objects = [sample.keys[position].partition("__")[0] for position in chosen]
        self.objects = np.unique(objects, return_inverse=True)[1]
        self.shots = max(1, min(SHOTS, len(chosen) // (2 * self.classes)))

    def accuracies(self, backbone: torch.nn.Module, plain: Probe) -> NDArray[np.float64]:
        """Return the test accuracy of a head on a backbone's features, for every draw."""
        with torch.inference_mode():
            features = torch.cat(
                [
                    backbone(plain.to_input(self.images[first : first + BATCH]))
                    for first in range(0, len(self.images), BATCH)
                ]
            ).numpy()
        return np.array([self._accuracy(features, train) for train in self._draws()])

    def _draws(self) -> Iterator[NDArray[np.int64]]:
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        for _ in range(DRAWS):
            yield np.concatenate(
                [
                    rng.permutation(np.flatnonzero(self.labels == label))[: self.shots]
                    for label in range(self.classes)
                ]
            )

    def _accuracy(self, features: NDArray[np.float32], train: NDArray[np.int64]) -> float:
        head = fit_head(features[train], self.labels[train], classes=self.classes)
        test = np.flatnonzero(~np.isin(self.objects, self.objects[train]))
        logits = features[test] @ head.weight.T + head.bias
        return float((logits.argmax(axis=1) == self.labels[test]).mean())


def main() -> None:
    """Fill the table expert by expert."""
    keep_freed_memory()
    plain = load_probe(f"{BASE.probe}?input_size={BASE.side}")
    tasks = development_tasks()
    missing = [name for name in sys.argv[1:] or EXPERTS if name not in sources_in(TABLE)]
    if not missing:
        return
    targets = [Target(task, plain) for task in tasks.values()]
    default = {target.name: target.accuracies(plain.backbone, plain) for target in targets}
    for source in missing:
        began = time.perf_counter()
        parts = hold_out(
            open_source(tasks[source].folder),
            images=EXPERT_IMAGES,
            seed=0,
            transform=plain.preprocess,
        )
        tuned = fine_tune(
            plain,
            parts.training,
            parts.validation,
            classes=len(parts.classes),
            settings=SETTINGS,
        )
        backbone = tuned.backbone.eval()
        middle = time.perf_counter()
        rows: list[tuple[object, ...]] = []
        for target in targets:
            if target.name == source:
                continue
            found = target.accuracies(backbone, plain)
            gains = found - default[target.name]
            rows.append(
                (
                    source,
                    target.name,
                    f"{gains.mean():.4f}",
                    f"{gains.std(ddof=1):.4f}",
                    f"{found.mean():.4f}",
                    f"{default[target.name].mean():.4f}",
                    DRAWS,
                    target.shots,
                )
            )
        append_rows(TABLE, rows, columns=COLUMNS)
        mean = np.mean([float(str(row[2])) for row in rows])
        print(
            f"{source}: epoch {tuned.best_epoch}, {tuned.choice and tuned.choice.reason}, "
            f"mean gain {100 * mean:+.1f} points, {middle - began:.0f} + "
            f"{time.perf_counter() - middle:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
