"""A SHA-256 of the images that are drawn from a task, without decoding them."""

from contextlib import closing
from hashlib import sha256

from task2vec.data.pixels.decode import to_image
from task2vec.data.pixels.reader import Raw, UnreadableImageError
from task2vec.data.sampling.class_draw import ClassDraw, draws_by_class, spread
from task2vec.data.sampling.sample import drawing_order, drawn_part
from task2vec.data.task import Task
from task2vec.types import Likelihood


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
    found: dict[str, str] = {}
    with closing(iter(part.reader.read(frozenset(classes)))) as raws:  # type: ignore[type-var]
        for key, raw in raws:
            digest = _digest(raw)
            if digest is None:
                return None
            found[key] = digest
    if found.keys() != classes.keys():
        return None
    summary = repr([(*classes[key], key, found[key]) for key in sorted(found)])
    return sha256(summary.encode()).hexdigest(), frozenset(found)


def _digest(raw: Raw) -> str | None:
    if isinstance(raw, bytes):
        return sha256(raw).hexdigest()
    try:
        # Palette, transparency and orientation lie outside the pixels of what a reader gives.
        image = to_image(raw)
    except UnreadableImageError:
        return None
    return sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()
