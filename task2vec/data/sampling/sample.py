"""The images of a task that are used: drawn evenly over the classes, decoded, identified."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import takewhile
from typing import Any, Generic, TypeVar
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from task2vec.data.build import one_class_error
from task2vec.data.multilabel import LabelSet, SampledLabels, cover_first
from task2vec.data.pixels.decode import to_image
from task2vec.data.pixels.reader import Raw, UnreadableImageError
from task2vec.data.sampling.class_draw import (
    LEAST,
    ClassDraw,
    Progress,
    draws_by_class,
    fill_draws,
    spread,
)
from task2vec.data.task import ImageEntry, Task
from task2vec.data.wording import few, plural, remarks, shown
from task2vec.errors import SettingError, SourceError
from task2vec.types import Likelihood
from task2vec.types.image_hashes import ImageHashes

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Sample(Generic[T]):
    """Images ready for a probe, n of them, in a fixed order.

    ``labels`` (n,) index ``classes``, which are those of the task with a readable image; the images
    go class by class. Where an image may have several labels, ``labels`` are (n, C), 1, 0, or
    `multilabel.MISSING`, and ``classes`` those that some image has and another lacks.
    ``digests`` are SHA-256 over the size and the RGB pixels of each image before the transform,
    ``content_hash`` is the SHA-256 over the sorted (class, digest) pairs, so that it depends on
    neither names of files nor their order (`SampledLabels.content_hash` where there are several).
    ``hashes`` (n,) know the images again that were encoded anew (see `image_hash`).
    ``warnings`` say what was found in reading; those of the task are not repeated.
    """

    images: Sequence[T]
    labels: NDArray[np.int64]
    keys: tuple[str, ...]
    digests: tuple[str, ...]
    hashes: ImageHashes
    classes: tuple[str, ...]
    content_hash: str
    warnings: tuple[str, ...]

    @property
    def likelihood(self) -> Likelihood:
        """Whether an image has one label, or any number of them."""
        return Likelihood.CATEGORICAL if self.labels.ndim == 1 else Likelihood.BERNOULLI


def draw_sample(
    task: Task,
    *,
    images: int,
    seed: int,
    transform: Callable[[Image.Image], T],
    progress: Progress | None = None,
) -> Sample[T]:
    """Draw ``images`` images, as evenly over the classes as possible (see `class_draw.spread`).

    Where an image may have several labels, they are drawn at random, but two images that have a
    class and two that lack it come first, where there are (see `multilabel.cover_first`); those
    that have it also where there are more of them than ``images``.

    Which images of a class are drawn depends on ``seed`` and their keys (see `drawing_order`); an
    image that cannot be read makes room for the next. The order of the drawn images, within a class
    or of all that may have several labels, depends on ``seed`` and their pixels alone: random signs
    and groups go by it, and the same images have to give the same embedding whatever their names.

    Of a task with splits, only ``train`` is drawn from, where there is one: choose with
    `Task.only`. ``transform`` is applied as soon as an image is decoded, so that full-size images
    are not held, and by several threads at once; the result does not depend on their number.
    ``progress`` is called with the number of images read and the number wanted.

    Raises `SettingError` if ``images`` < 1, `SourceError` if no image can be read, or those of one
    class only.
    """
    if images < 1:
        raise SettingError(
            "The number of images is out of range", expected="at least 1", got=str(images)
        )
    task, warnings = drawn_part(task)
    rank = drawing_order(task, seed)
    draws: list[ClassDraw[T]]
    if task.likelihood is Likelihood.BERNOULLI:
        ranked = sorted(task.entries, key=rank)
        order, needed = cover_first(_sets(ranked), len(task.classes), least=LEAST)
        draws, images = [ClassDraw([ranked[i].key for i in order])], max(images, needed)
    else:
        draws = draws_by_class(task, rank=rank)
    fill_draws(task, draws=draws, images=images, transform=transform, progress=progress)
    return _ordered(_sample(task, draws=draws, warnings=warnings), seed)


def drawn_part(task: Task) -> tuple[Task, list[str]]:
    """Return the part of a task that is drawn from, with warnings about its splits."""
    if "train" in task.splits and len({entry.split for entry in task.entries}) > 1:
        part = task.only("train")
        return part, [
            f"only the {plural(len(part.entries), 'image')} of split train used "
            f"(of {len(task.entries):,}; splits: {', '.join(task.splits)})"
        ]
    if len(task.splits) > 1:
        return task, [f"images of all splits used ({', '.join(task.splits)}): none is train"]
    return task, []


def drawing_order(task: Task, seed: int) -> Callable[[ImageEntry], bytes]:
    """Return the rank of an entry, by which the images of a class are drawn.

    The folders that hold all images do not count, nor does the Unicode form of a name: an archive
    of a folder may add the one and change the other.
    """
    keys = [entry.key for entry in task.entries]
    first, last = min(keys, default=""), max(keys, default="")
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    start = first.rfind("/", 0, sum(1 for _ in alike)) + 1

    def rank(entry: ImageEntry) -> bytes:
        return sha256(f"{seed}\0{normalize('NFC', entry.key[start:])}".encode()).digest()

    return rank


def all_images(
    task: Task,
    *,
    transform: Callable[[Image.Image], T],
    progress: Progress | None = None,
) -> Sample[T]:
    """Read every image of the task, each class in the order of its entries.

    Reports and raises as `draw_sample` does; all splits are taken: choose with `Task.only`.
    """
    order = {entry.key: position for position, entry in enumerate(task.entries)}
    draws: list[ClassDraw[T]]
    if task.likelihood is Likelihood.BERNOULLI:
        draws = [ClassDraw(list(order))]
    else:
        draws = draws_by_class(task, rank=lambda entry: order[entry.key])
    fill_draws(task, draws=draws, images=len(order), transform=transform, progress=progress)
    return _sample(task, draws=draws, warnings=[])


def _sample(task: Task, *, draws: "Sequence[ClassDraw[T]]", warnings: list[str]) -> Sample[T]:
    problems = {draw.keys[r]: reason for draw in draws for r, reason in draw.bad.items()}
    read = sum(len(draw.good) for draw in draws)
    failed = [f"{shown(key)} ({problems[key]})" for key in sorted(problems)]
    listed = few(failed, str)
    if not read:
        raise SourceError(
            f"None of the {plural(len(problems), 'image')} tried of {task.source} can be read",
            got=listed,
            remedy="Check that the files are whole and are JPEG, PNG, WebP, GIF, BMP, TIFF or PPM.",
        )
    if failed:
        tried = plural(read + len(failed), "image")
        warnings.append(f"{len(failed):,} of {tried} could not be read: {listed}")
    if task.likelihood is Likelihood.BERNOULLI:
        return _multilabel_sample(task, draw=draws[0], warnings=warnings)
    kept = [(name, draw) for name, draw in zip(task.classes, draws, strict=True) if draw.good]
    lost = [n for n, draw in zip(task.classes, draws, strict=True) if draw.keys and not draw.good]
    warnings += remarks(lost, "class", "without a readable image")
    classes = tuple(name for name, _ in kept)
    if len(classes) < 2:
        raise one_class_error(task.source, classes=classes, warnings=warnings)
    rows = [
        (label, draw.keys[rank], *draw.good[rank])
        for label, (_, draw) in enumerate(kept)
        for rank in sorted(draw.good)
    ]
    labels, keys, images, digests, hashes = zip(*rows, strict=True)
    warnings.extend(_shared(rows, classes=classes))
    lines = (f"{classes[row[0]]}\0{row[3]}\n" for row in rows)
    return Sample(
        images=images,
        labels=np.array(labels, dtype=np.int64),
        keys=keys,
        digests=digests,
        hashes=np.concatenate(hashes),
        classes=classes,
        content_hash=sha256("".join(sorted(lines)).encode()).hexdigest(),
        warnings=tuple(warnings),
    )


def _ordered(sample: Sample[T], seed: int) -> Sample[T]:
    """Order a sample by the seed and the pixels: class by class, or all as one."""
    by_class = sample.likelihood is Likelihood.CATEGORICAL

    def place(row: int) -> tuple[Any, Any]:
        label, digest = sample.labels[row].tolist(), sample.digests[row]
        drawn = sha256(f"{seed}\0{digest}".encode()).digest()
        return (label, drawn) if by_class else (drawn, label)

    order = sorted(range(len(sample.keys)), key=place)
    return replace(
        sample,
        images=tuple(sample.images[i] for i in order),
        labels=sample.labels[order],
        keys=tuple(sample.keys[i] for i in order),
        digests=tuple(sample.digests[i] for i in order),
        hashes=sample.hashes[order],
    )


def _sets(entries: Sequence[ImageEntry]) -> list[LabelSet]:
    return [entry.label for entry in entries if isinstance(entry.label, LabelSet)]


def _multilabel_sample(task: Task, *, draw: "ClassDraw[T]", warnings: list[str]) -> Sample[T]:
    ranks = sorted(draw.good)
    entries = {entry.key: entry for entry in task.entries}
    digests = tuple(draw.good[rank][1] for rank in ranks)
    sampled = SampledLabels.of(
        _sets([entries[draw.keys[rank]] for rank in ranks]), task.classes, source=task.source
    )
    return Sample(
        images=tuple(draw.good[ranks[i]][0] for i in sampled.rows),
        labels=sampled.labels,
        keys=tuple(draw.keys[ranks[i]] for i in sampled.rows),
        digests=tuple(digests[i] for i in sampled.rows),
        hashes=np.concatenate([draw.good[ranks[i]][2] for i in sampled.rows]),
        classes=sampled.classes,
        content_hash=sampled.content_hash([digests[i] for i in sampled.rows]),
        warnings=(*warnings, *sampled.warnings),
    )


def _shared(
    rows: Sequence[tuple[int, str, T, str, ImageHashes]], *, classes: Sequence[str]
) -> list[str]:
    """Say whether the same pixels bear different labels, with an example."""
    places: dict[str, dict[int, str]] = defaultdict(dict)
    for label, key, _, digest, _ in rows:
        places[digest].setdefault(label, key)
    shared = [by_label for by_label in places.values() if len(by_label) > 1]
    if not shared:
        return []
    example = " and ".join(
        f"{shown(key)} ({shown(classes[label])})" for label, key in shared[0].items()
    )
    return [f"{plural(len(shared), 'image')} in more than one class, such as {example}"]


def drawn_digest(task: Task, *, images: int, seed: int) -> tuple[str, frozenset[str]] | None:
    """Return the digest of what `draw_sample` draws, and the keys of these images.

    It covers keys, class names and the bytes as they lie in the source. A sample of exactly these
    keys depends on nothing else of the task; where an image cannot be decoded, others are drawn.
    None where an image cannot be had, or may have several labels. Raises `SourceError` as the
    reader does.
    """
    if task.likelihood is Likelihood.BERNOULLI:
        return None
    part, _ = drawn_part(task)
    draws: list[ClassDraw[None]] = draws_by_class(part, rank=drawing_order(part, seed))
    quotas = spread(images, [len(draw.keys) for draw in draws])
    classes = {
        key: (name, rank)
        for name, draw, quota in zip(part.classes, draws, quotas, strict=True)
        for rank, key in enumerate(draw.keys[:quota])
    }
    digests: dict[str, str] = {}
    with closing(iter(part.reader.read(frozenset(classes)))) as raws:  # type: ignore[type-var]
        for key, raw in raws:
            digest = _digest(raw)
            if digest is None:
                return None
            digests[key] = digest
    if digests.keys() != classes.keys():
        return None
    summary = repr([(*classes[key], key, digests[key]) for key in sorted(digests)])
    return sha256(summary.encode()).hexdigest(), frozenset(digests)


def _digest(raw: Raw) -> str | None:
    if isinstance(raw, bytes):
        return sha256(raw).hexdigest()
    try:
        # Palette, transparency and orientation lie outside the pixels of what a reader gives.
        image = to_image(raw)
    except UnreadableImageError:
        return None
    return sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()
