"""Does a distance hear the labels? The same images, asked different questions.

    python -m research.development.other_labels

Emoji are sorted by gesture or tone of skin and by design, letters by style and by typeface. Each
question is embedded on both halves of the images. Between the halves, the distance of two questions
is set against that of one question to itself: a distance that is deaf to labels finds both alike.
Writes ``research/results/evidence_labels.json``. A minute or two on one core.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from research import RESULTS
from research.development.geometry import DEFAULT_PRIOR
from research.development.layers import filter_kinds
from research.development.passes import BASE, BATCH, halves
from research.development.tasks import development_tasks
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.distance.noise_correction import noiseless_distances
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.fisher.estimate import deal_groups, estimate_fisher
from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import load_probe
from task2vec.types import Estimator

Groups = NDArray[np.float32]
#: From the key of an image, CLASS/OBJECT__REST.png, to the answer to a question.
Answer = Callable[[Path], str]


def _folder(key: Path) -> str:
    return key.parent.name


def _design(key: Path) -> str:
    return key.stem.rpartition("_")[2]


def _tone(key: Path) -> str:
    return key.stem.partition("__")[2].rpartition("_")[0]


def _typeface(key: Path) -> str:
    return key.stem.partition("__")[2]


QUESTIONS: dict[str, dict[str, Answer]] = {
    "emoji_hands": {"gesture": _folder, "tone": _tone, "design": _design},
    "tones_of_professions": {"tone": _folder, "design": _design},
    "tones_of_activities": {"tone": _folder, "design": _design},
    "styles_capitals": {"style": _folder, "typeface": _typeface},
}
KINDS = (
    "all",
    "without the last",
    "depthwise",
    "early half of the layers",
    "late half of the layers",
    "the last layer",
)


def main() -> None:
    """Embed every question on both halves; write the distances by the layers that count."""
    keep_freed_memory()
    probe = load_probe(f"{BASE.probe}?input_size={BASE.side}")
    kinds = filter_kinds(BASE.probe)
    rows: list[dict[str, Any]] = []
    for task, questions in QUESTIONS.items():
        found = _embedded(probe, task, questions)
        for kind in KINDS:
            same, other = _distances(found, kinds[kind])
            rows.append(
                {
                    "task": task,
                    "filters": kind,
                    "same": round(float(np.mean(same)), 4),
                    "other": round(float(np.mean(other)), 4),
                }
            )
            print(rows[-1], flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "result": {"questions": {t: list(q) for t, q in QUESTIONS.items()}, "rows": rows},
    }
    text = json.dumps(result, indent=1)
    (RESULTS / "evidence_labels.json").write_text(text + "\n", encoding="utf-8")


def _distances(
    found: dict[str, tuple[Groups, Groups]], kept: NDArray[np.bool_]
) -> tuple[list[float], list[float]]:
    """Return the distances between halves of one question, and of two."""

    def between(one: Groups, other: Groups) -> float:
        pair = noiseless_distances(one[:, kept], [other[:, kept]], prior_precision=DEFAULT_PRIOR)
        return float(pair.distances[0])

    same = [between(a, b) for a, b in found.values()]
    other = [between(found[x][0], found[y][1]) for x, y in permutations(found, 2)]
    return same, other


def _embedded(
    probe: Probe, task: str, questions: dict[str, Answer]
) -> dict[str, tuple[Groups, Groups]]:
    """Return each question's estimates (8, n) by groups of images, for either half."""
    sample = all_images(open_source(development_tasks()[task].folder), transform=probe.preprocess)
    chosen = [half[: BASE.images] for half in halves(sample.labels, name=task)]
    images = [[sample.images[i] for i in half] for half in chosen]
    features = [probe.features(half, batch_size=BATCH).numpy() for half in images]
    found = {}
    for number, (question, answer) in enumerate(questions.items()):
        answers = [answer(Path(key)) for key in sample.keys]
        labels = np.unique(answers, return_inverse=True)[1]
        a, b = (
            _groups(probe, images[h], features[h], labels[chosen[h]], seed=2 * number + h)
            for h in (0, 1)
        )
        found[question] = (a, b)
    return found


def _groups(
    probe: Probe,
    images: list[Pixels],
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    seed: int,
) -> Groups:
    classes = int(labels.max()) + 1
    head = fit_head(features, labels, classes=classes, penalty=BASE.penalty)
    estimate = estimate_fisher(
        probe.backbone,
        head.on(probe.backbone),
        (probe.to_input(images[first : first + BATCH]) for first in range(0, len(images), BATCH)),
        noise=draw_noise(
            Estimator.RADEMACHER,
            LabelModel(images=len(images), classes=classes),
            draws=1,
            seed=seed,
        ),
        weights=class_weights(labels, classes),
        groups=deal_groups(labels),
    )
    return estimate.replicates.astype(np.float32)


if __name__ == "__main__":
    main()
