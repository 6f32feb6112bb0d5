"""A small picture of a task: a mosaic of its images, for maps and lists."""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from task2vec.data.sampling.sample import Sample
from task2vec.types import Likelihood

if TYPE_CHECKING:
    from task2vec.probe.probe import Pixels

_SIDE = 96


def thumbnail(sample: "Sample[Pixels]") -> bytes:
    """Return a PNG of 96 x 96 pixels: one image each of four classes spread over the task."""
    labels = sample.labels
    several = sample.likelihood is Likelihood.BERNOULLI
    has = labels == 1 if several else labels[:, None] == np.arange(len(sample.classes))
    firsts = has.argmax(axis=0).tolist()
    chosen = [firsts[i * (len(firsts) - 1) // 3] for i in range(4)]
    mosaic = Image.new("RGB", (_SIDE, _SIDE), "white")
    half = _SIDE // 2
    for position, index in enumerate(chosen):
        tile = Image.fromarray(sample.images[index]).resize((half - 1, half - 1))
        mosaic.paste(tile, (position % 2 * half, position // 2 * half))
    data = BytesIO()
    mosaic.save(data, "PNG", optimize=True)
    return data.getvalue()
