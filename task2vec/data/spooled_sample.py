"""A sample whose pixels need not fit into memory."""

from collections.abc import Callable
from dataclasses import fields

from PIL import Image

from task2vec.data.lots import Progress
from task2vec.data.sample import Sample, draw_sample
from task2vec.data.spool import MEMORY_BUDGET, Pixels, PixelSpool, SpooledImages
from task2vec.data.task import Task


def draw_spooled(
    task: Task,
    *,
    images: int,
    seed: int,
    transform: Callable[[Image.Image], Pixels],
    progress: Progress | None = None,
    budget: int = MEMORY_BUDGET,
) -> Sample[Pixels]:
    """Draw as `draw_sample` does, with the pixels beyond ``budget`` bytes in a temporary file.

    ``transform`` gives all images one shape. Raises as `draw_sample` and `PixelSpool.add` do.
    """
    spool = PixelSpool(budget)
    drawn: Sample[int] = draw_sample(
        task,
        images=images,
        seed=seed,
        transform=lambda image: spool.add(transform(image)),
        progress=progress,
    )
    rest = {part.name: getattr(drawn, part.name) for part in fields(drawn) if part.name != "images"}
    return Sample(images=SpooledImages(spool, drawn.images), **rest)
