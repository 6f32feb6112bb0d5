"""Per-image Fisher information of many heads, each fitted to a subset of a real task's classes.

What `many_tasks` recombines. It is cached in a folder outside the repository and made where it
was left off: ``python -m benchmarks.class_subsets`` takes about a quarter of an hour on one core.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from functools import cache as cache_result
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.examples import ROOT, families, folder

HEADS, IMAGES, SEED = 1_300, 24, 0
_FEWEST_CLASSES, _MOST_CLASSES, _FITTED = 2, 10, 150
_PROBE = "efficientnet_lite0"


def cache() -> Path:
    """Return the folder for what is too large for the repository: $TASK2VEC_BENCHMARK_CACHE."""
    default = Path(tempfile.gettempdir()) / "task2vec-benchmarks"
    path = Path(os.environ.get("TASK2VEC_BENCHMARK_CACHE", default))
    path.mkdir(parents=True, exist_ok=True)
    return path


@dataclass(frozen=True)
class SubsetHead:
    """One head: the task and the classes that it is fitted to, and the images of the pass.

    ``labels`` (IMAGES,) number the classes, ``digests`` are the SHA-256 of the images' pixels,
    ``fit`` is a `HeadFit` as a dictionary.
    """

    task: str
    family: str
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    digests: tuple[str, ...]
    fit: dict[str, Any]


@cache_result
def load() -> tuple[list[SubsetHead], NDArray[np.float32], str]:
    """Return the heads, their images' Fisher information (heads, IMAGES, n), and the fingerprint.

    The array is mapped from the cache, not read.
    """
    if not (cache() / "heads.json").exists():
        make()
    about = json.loads((cache() / "heads.json").read_text(encoding="utf-8"))
    heads = [_head(line) for line in about["heads"]]
    return heads, np.load(cache() / "fisher.npy", mmap_mode="r"), about["fingerprint"]


def make() -> None:
    """Compute what is missing from the cache."""
    from task2vec.data.open import open_source
    from task2vec.data.sampling.sample import all_images
    from task2vec.embedding.allocator import keep_freed_memory
    from task2vec.fisher.per_image import PerImageFisher
    from task2vec.probe.registry import load_probe

    keep_freed_memory()
    probe = load_probe(_PROBE)
    sources = {name: (about, folder(name)) for name, about in families().items()}
    held_back = ROOT / "held_back" / "cyrillic_capitals" / "train"
    sources["cyrillic_capitals"] = "letters", held_back
    samples, features = {}, {}
    for name, (_, path) in sources.items():
        samples[name] = all_images(open_source(path), transform=probe.preprocess)
        features[name] = probe.features(samples[name].images).numpy()
        print(name, len(features[name]), flush=True)
    per_image = PerImageFisher(probe.backbone, probe.card.layers)
    shape = (HEADS, IMAGES, per_image.filters)
    array, lines = cache() / "fisher.npy", cache() / "heads.partial.jsonl"
    if not array.exists():
        lines.unlink(missing_ok=True)
    mode = "r+" if array.exists() else "w+"
    fisher = np.lib.format.open_memmap(array, mode=mode, dtype=np.float32, shape=shape)
    done = len(lines.read_text(encoding="utf-8").splitlines()) if lines.exists() else 0
    names = sorted(sources)
    with lines.open("a", encoding="utf-8") as file:
        for number in range(done, HEADS):
            name = names[number % len(names)]
            head, fisher[number] = _one(
                np.random.default_rng([SEED, number]),
                samples[name],
                features[name],
                probe=probe,
                per_image=per_image,
                about=(name, sources[name][0]),
            )
            fisher.flush()
            file.write(json.dumps(asdict(head)) + "\n")
            file.flush()
            if number % 20 == 0:
                print(number, flush=True)
    heads = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    text = json.dumps({"fingerprint": probe.fingerprint, "heads": heads})
    (cache() / "heads.json").write_text(text, encoding="utf-8")


def _one(
    rng: np.random.Generator,
    sample: Any,
    features: NDArray[np.float32],
    *,
    probe: Any,
    per_image: Any,
    about: tuple[str, str],
) -> tuple[SubsetHead, NDArray[np.float32]]:
    """Fit a head to some classes, and pass some of its images through it."""
    from task2vec.fisher.estimators import LabelModel, draw_noise
    from task2vec.probe.head import fit_head
    from task2vec.types import Estimator

    most = min(_MOST_CLASSES, len(sample.classes))
    count = int(rng.integers(min(_FEWEST_CLASSES, most), most + 1))
    rows = labels = classes = np.empty(0, dtype=np.int64)
    while len(rows) < IMAGES:
        classes = np.sort(rng.choice(len(sample.classes), count, replace=False))
        rows, labels = _draw(rng, sample.labels, classes, total=_FITTED)
    head = fit_head(features[rows], labels, classes=count)
    chosen, seen = _draw(rng, labels, np.arange(count), total=IMAGES)
    images = [sample.images[rows[i]] for i in chosen]
    noise = draw_noise(
        Estimator.RADEMACHER,
        LabelModel(images=IMAGES, classes=count),
        draws=1,
        seed=int(rng.integers(1 << 31)),
    )
    parts = []
    for first in range(0, IMAGES, 8):
        inputs = probe.to_input(images[first : first + 8])

        def cotangents(logits: Any, first: int = first) -> Any:
            return noise.cotangents(logits, first)

        parts.append(per_image(inputs, head.on(probe.backbone), cotangents).numpy())
    subset = SubsetHead(
        task=about[0],
        family=about[1],
        classes=tuple(sample.classes[c] for c in classes),
        labels=tuple(int(label) for label in seen),
        digests=tuple(sample.digests[rows[i]] for i in chosen),
        fit=head.fit.model_dump(),
    )
    return subset, np.concatenate(parts)


def _draw(
    rng: np.random.Generator, labels: NDArray[np.int64], classes: NDArray[np.int64], *, total: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw up to ``total`` rows, evenly over the classes; return them and their class's place."""
    lots = [rng.permutation(np.flatnonzero(labels == c)) for c in classes]
    turns = [(turn, place) for place, lot in enumerate(lots) for turn in range(len(lot))]
    first = sorted(turns)[:total]
    rows = np.array([lots[place][turn] for turn, place in first])
    return rows, np.array([place for _, place in first])


def _head(line: dict[str, Any]) -> SubsetHead:
    fields = ("classes", "labels", "digests")
    return SubsetHead(**{**line, **{name: tuple(line[name]) for name in fields}})


if __name__ == "__main__":
    make()
