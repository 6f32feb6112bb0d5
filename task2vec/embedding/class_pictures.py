"""Small pictures of a task's images by class, for its page."""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from task2vec.data.sampling.sample import Sample
from task2vec.types import Likelihood
from task2vec.types.class_pictures import (
    LARGEST_SIDE,
    MOST_A_CLASS,
    MOST_PICTURES,
    ClassPictures,
)

if TYPE_CHECKING:
    from task2vec.probe.probe import Pixels

_QUALITY = 85


def class_pictures(sample: "Sample[Pixels]") -> ClassPictures:
    """Return the first images of each class, as the probe sees them, and none enlarged.

    Of many classes there are fewer each; of more than `MOST_PICTURES`, so many classes, evenly
    spread, have one.
    """
    labels, classes = sample.labels, len(sample.classes)
    several = sample.likelihood is Likelihood.BERNOULLI
    has = labels == 1 if several else labels[:, None] == np.arange(classes)
    shown = np.unique(np.linspace(0, classes - 1, min(classes, MOST_PICTURES)).astype(np.intp))
    each = max(1, min(MOST_A_CLASS, MOST_PICTURES // classes))
    rows = {number: np.flatnonzero(has[:, number])[:each].tolist() for number in shown.tolist()}
    rows = {number: row for number, row in rows.items() if row}
    side = min(LARGEST_SIDE, *np.shape(sample.images[0])[:2])
    columns = max(map(len, rows.values()))
    sheet = Image.new("RGB", (columns * side, len(rows) * side), "white")
    for top, row in enumerate(rows.values()):
        for left, index in enumerate(row):
            picture = Image.fromarray(sample.images[index]).resize(
                (side, side), Image.Resampling.BOX
            )
            sheet.paste(picture, (left * side, top * side))
    data = BytesIO()
    # Without subsampling, blocks of 8 x 8 pixels keep neighbouring pictures apart.
    sheet.save(data, "JPEG", quality=_QUALITY, subsampling=0)
    counts = tuple(len(rows.get(number, ())) for number in range(classes))
    return ClassPictures(side, counts, data.getvalue())
