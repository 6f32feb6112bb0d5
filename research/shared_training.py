"""How much seen images flatter an expert: ``python -m research.shared_training``.

An expert is trained on another task's images and a share of the target's, under their own classes.
A cross-validated linear probe of the target then tells how much more often images are right that
the expert has seen, in points, and by how much the whole probe is flattered by them.
"""

import json
from typing import Any

import numpy as np
import torch

from benchmarks.examples import folder
from benchmarks.machine import describe
from research import RESULTS
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.finetuning.classify import fitted_classifier, frozen_features, unheard
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe
from task2vec.recommendation.measure.linear_probe import cross_validate

START = "efficientnet_lite0?input_size=96"
#: Each target with the task that the expert is of beside it.
PAIRS = (
    ("clipart_food", "emoji_hands"),
    ("tango_icons", "fashion_tops"),
    ("sprites_facing", "greek_capitals"),
    ("satellite_night", "emoji_food"),
)
SHARES = (0.02, 0.05, 0.1, 0.2)
IMAGES, OTHERS = 120, 120
SETTINGS = FineTuningSettings(epochs=8, batch_size=20)
RATE = 1e-3


def main() -> None:
    """Measure every pair at every share, and write the result."""
    torch.set_num_threads(1)
    keep_freed_memory()
    start = load_probe(START)
    rows = [row for pair in PAIRS for row in measured(start, *pair)]
    about = {"probe": START, "machine": describe(), "rows": rows}
    (RESULTS / "shared_training.json").write_text(json.dumps(about, indent=1) + "\n")


def measured(start: Probe, target: str, other: str) -> list[dict[str, Any]]:
    """Return a row for each share."""
    own, theirs = (
        draw_sample(open_source(folder(name)), images=count, seed=0, transform=start.preprocess)
        for name, count in ((target, IMAGES), (other, OTHERS))
    )
    rows = []
    order = np.random.default_rng(0).permutation(len(own.images))
    for share in SHARES:
        seen = order[: round(share * len(own.images))]
        images = [*theirs.images, *(own.images[i] for i in seen)]
        labels = np.concatenate([theirs.labels, own.labels[seen] + len(theirs.classes)])
        _, labels = np.unique(labels, return_inverse=True)
        data = Labelled(tuple(images), labels, tuple(map(str, range(len(images)))))
        classes = int(labels.max()) + 1
        head = fitted_classifier(
            frozen_features(start, data.images, unheard),
            labels,
            classes=classes,
            device=start.device,
        )
        run = Training(start, data, classifier=head, settings=SETTINGS, rate=RATE)
        for _ in range(run.epochs):
            run.run_epoch(unheard)
        expert = Probe(start.card, run.backbone.eval())
        features = torch.cat(list(_features(expert, own.images))).numpy()
        found = cross_validate(features, own.labels, classes=len(own.classes))
        assert found is not None
        known = np.isin(np.arange(len(own.images)), seen)
        right = found.correct
        row = {
            "target": target,
            "other": other,
            "share": share,
            "seen": int(known.sum()),
            "right_of_seen": round(float(right[known].mean()), 4),
            "right_of_others": round(float(right[~known].mean()), 4),
            "flattered": round(float(right.mean() - right[~known].mean()), 4),
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def _features(probe: Probe, images: Any) -> Any:
    from task2vec.embedding.inputs import features

    with torch.inference_mode():
        yield from (batch.cpu() for batch in features(probe, images))


if __name__ == "__main__":
    main()
