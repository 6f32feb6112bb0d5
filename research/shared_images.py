"""Which rule tells one image encoded anew from two images: on the example tasks.

These share no image, so that what two of them seem to share is a false positive, but for true near
duplicates, such as a capital and a small o. Ten images of one class may be ten drawings of one
thing, so that within a task only pairs of different classes are counted. `python -m
research.shared_images`, with ImageHash beside it where that is to be judged, too.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from benchmarks.examples import families, folder
from benchmarks.machine import describe
from research import RESULTS
from task2vec.data.open import open_source
from task2vec.data.pixels.image_hash import image_hash
from task2vec.data.sampling.sample import Sample, all_images
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.registry import load_probe
from task2vec.recommendation.evidence.leaks import (
    MOST_BITS,
    MOST_COLOUR,
    MOST_LOW_BITS,
    Shared,
    count_shared,
)
from task2vec.types.image_hashes import IMAGE_HASH, ImageHashes

Pictures = Sample[Image.Image]
#: Of each task, those that are changed.
CHANGED = 100
SIZES = {"icon": (64, 64), "picture": (500, 375), "photograph": (2000, 1500)}


@dataclass(frozen=True)
class Rule:
    """Two images are the same: at most ``bits`` differ, no cell by more than ``colour``."""

    bits: int = MOST_BITS
    low_bits: int = MOST_LOW_BITS
    colour: int = MOST_COLOUR

    def near(self, a: ImageHashes, b: ImageHashes) -> NDArray[np.bool_]:
        """Return (n, m), by brute force."""
        words = np.bitwise_count(a["words"][:, None] ^ b["words"][None]).astype(np.int16)
        structured = np.any(a["words"], axis=1, keepdims=True) & b["words"].any(axis=1)
        close = (words.sum(axis=2) <= self.bits) & (words[:, :, 0] <= self.low_bits)
        colours = (h["colours"].astype(np.int16) for h in (a, b))
        first, second = colours
        found = np.zeros(close.shape, dtype=np.bool_)
        for row in np.flatnonzero((close & structured).any(axis=1)):
            apart = np.abs(first[row] - second).max(axis=1)
            found[row] = close[row] & structured[row] & (apart <= self.colour)
        return found


def jpeg(image: Image.Image) -> Image.Image:
    data = BytesIO()
    image.save(data, "JPEG", quality=60)
    return Image.open(BytesIO(data.getvalue())).convert("RGB")


def smaller(image: Image.Image) -> Image.Image:
    size = max(1, round(0.7 * image.width)), max(1, round(0.7 * image.height))
    return image.resize(size, Image.Resampling.BICUBIC)


def brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.1)


def cropped(image: Image.Image) -> Image.Image:
    """Cut 3 % of each side's length, at least one pixel, half of it (rounded down) at the start."""
    x, y = (max(1, round(0.03 * side)) for side in image.size)
    return image.crop((x // 2, y // 2, image.width - (x - x // 2), image.height - (y - y // 2)))


def smaller_jpeg(image: Image.Image) -> Image.Image:
    return jpeg(smaller(image))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg_60": jpeg,
    "resized_0.7": smaller,
    "brighter_10": brighter,
    "cropped_3": cropped,
    "resized_0.7_jpeg_60": smaller_jpeg,
}


def measure() -> dict[str, Any]:
    """Return false positives and hits of our rule and of others, and what hashing costs."""
    names = sorted(families())
    samples: dict[str, Pictures] = {
        name: all_images(open_source(folder(name)), transform=lambda image: image.copy())
        for name in names
    }
    changed = {name: _changed(sample) for name, sample in samples.items()}
    ours = Rule()
    rules = {
        "ours": ours,
        "without colours": Rule(colour=255),
        "looser: 56 bits": Rule(bits=56, low_bits=16),
        "the 63 lowest frequencies, 4 bits": Rule(bits=256, low_bits=4, colour=255),
        "the 63 lowest frequencies, 10 bits": Rule(bits=256, low_bits=10, colour=255),
    }
    found = {
        name: _judged({n: s.hashes for n, s in samples.items()}, samples, changed, rule.near)
        for name, rule in rules.items()
    }
    if find_spec("imagehash"):
        found |= _imagehash(samples)
    return {
        "machine": describe(),
        "images": sum(len(sample.images) for sample in samples.values()),
        "tasks": len(names),
        "rules": found,
        "cost": {name: _cost(size) for name, size in SIZES.items()},
        "embedding": _embedding(samples["emoji_food"]),
        "search": _search(),
    }


def _changed(sample: Pictures) -> dict[str, tuple[NDArray[np.intp], ImageHashes]]:
    rows = np.random.default_rng(0).permutation(len(sample.images))[:CHANGED]
    return {
        name: (
            rows,
            np.concatenate([image_hash(change(sample.images[i]), digest=16 * "0") for i in rows]),
        )
        for name, change in CHANGES.items()
    }


def _judged(
    hashes: dict[str, Any],
    samples: dict[str, Pictures],
    changed: dict[str, dict[str, tuple[NDArray[np.intp], Any]]],
    near: Callable[[Any, Any], NDArray[np.bool_]],
) -> dict[str, Any]:
    """Return the hit rates by change, and what is found between and within tasks.

    ``tasks_with_3`` counts ordered pairs of a target and a task that shares three images or more.
    """
    pairs = with_three = between = most = within = 0
    for a in hashes:
        for b in hashes:
            if a < b:
                matrix = near(hashes[a], hashes[b])
                between += int(matrix.sum())
                pairs += matrix.size
                counts = [int(matrix.any(axis=axis).sum()) for axis in (0, 1)]
                with_three += sum(count >= 3 for count in counts)
                most = max(most, *counts)
        labels = samples[a].labels
        other = np.triu(labels[:, None] != labels, 1)
        within += int((near(hashes[a], hashes[a]) & other).sum())
    hits: dict[str, dict[str, float]] = {change: {} for change in CHANGES}
    for name, by_change in changed.items():
        for change, (rows, made) in by_change.items():
            hits[change][name] = float(np.diagonal(near(hashes[name][rows], made)).mean())
    return {
        "hits": {
            change: round(float(np.mean(list(by_task.values()))), 3)
            for change, by_task in hits.items()
        },
        "fewest_hits": {
            change: {name: round(rate, 2)}
            for change, by_task in hits.items()
            for rate, name in [min((rate, name) for name, rate in by_task.items())]
        },
        "false_pairs_between_tasks": between,
        "of_pairs": pairs,
        "task_pairs_with_3": with_three,
        "most_images_of_a_task_pair": most,
        "pairs_of_other_classes_within_tasks": within,
    }


def _imagehash(samples: dict[str, Pictures]) -> dict[str, Any]:
    """Return the same of ImageHash's functions, at the distances that are usual for them."""
    import imagehash

    makers = {"phash": imagehash.phash, "dhash": imagehash.dhash}
    found = {}
    for name, make in makers.items():

        def bits(image: Image.Image, make: Any = make) -> NDArray[np.int16]:
            return np.asarray(make(image).hash, dtype=np.int16).reshape(-1)

        hashes = {n: np.stack([bits(i) for i in s.images]) for n, s in samples.items()}
        changed = {}
        for task, sample in samples.items():
            rows = np.random.default_rng(0).permutation(len(sample.images))[:CHANGED]
            changed[task] = {
                change: (rows, np.stack([bits(make_(sample.images[i])) for i in rows]))
                for change, make_ in CHANGES.items()
            }
        for most in (4, 10):

            def near(a: Any, b: Any, most: int = most) -> NDArray[np.bool_]:
                # Bits that differ: in one of the two, and not in both.
                both = a @ b.T
                apart = a.sum(axis=1)[:, None] + b.sum(axis=1) - 2 * both
                return np.asarray(apart <= most)

            found[f"imagehash.{name}, {most} bits"] = _judged(hashes, samples, changed, near)
    return found


def _cost(size: tuple[int, int]) -> dict[str, float]:
    """Return milliseconds of a processor: hashing an image, and decoding it from a JPEG."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    image, data = small.resize(size, Image.Resampling.BICUBIC), BytesIO()
    image.save(data, "JPEG", quality=90)
    spent: dict[str, list[float]] = {"hash": [], "decode": []}
    for _ in range(30):
        started = process_time()
        image_hash(image, digest=16 * "0")
        middle = process_time()
        Image.open(BytesIO(data.getvalue())).convert("RGB")
        spent["hash"].append(middle - started)
        spent["decode"].append(process_time() - middle)
    return {f"{name}_ms": round(1000 * median(times), 3) for name, times in spent.items()}


def _embedding(sample: Pictures) -> dict[str, float]:
    """Return milliseconds of a processor for an image that is embedded, and for its hash alone."""
    probe = load_probe("efficientnet_lite0")
    task, count = open_source(folder("emoji_food")), len(sample.images)
    started = process_time()
    Embedder(probe, EmbeddingSettings(images=count)).embed(task)
    middle = process_time()
    for image in sample.images:
        image_hash(image, digest=16 * "0")
    embedded, hashed = middle - started, process_time() - middle
    return {
        "ms_an_image": round(1000 * embedded / count, 1),
        "hash_ms_an_image": round(1000 * hashed / count, 3),
        "share": round(hashed / embedded, 4),
    }


def _search() -> dict[str, Any]:
    """Return the seconds of one processor that 300 images take among 1,000 tasks of 300."""
    rng = np.random.default_rng(0)
    everything = [np.frombuffer(rng.bytes(300 * 88), dtype=IMAGE_HASH) for _ in range(1001)]
    started = process_time()
    found: list[Shared] = count_shared(everything[0], everything[1:])
    return {
        "seconds": round(process_time() - started, 2),
        "megabytes": round(300 * 88 * 1000 / 1e6, 1),
        "shared": sum(each.images for each in found),
    }


if __name__ == "__main__":
    target = RESULTS / "shared_images.json"
    target.write_text(json.dumps(measure(), indent=2) + "\n", encoding="utf-8")
    print(f"Written to {target}.")
