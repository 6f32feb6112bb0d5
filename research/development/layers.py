"""Which filters of a probe belong to which kind of layer, in the order of all its layers."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from task2vec.probe.registry import load_probe

Mask = NDArray[np.bool_]


def filter_kinds(probe: str) -> dict[str, Mask]:
    """Return masks (n,) of the elements to keep, by a name for what is kept."""
    convolutions = [
        (name, module)
        for name, module in load_probe(probe).backbone.named_modules()
        if isinstance(module, nn.Conv2d)
    ]
    sizes = [module.out_channels for _, module in convolutions]
    count = sum(sizes)

    def where(kept: list[bool]) -> Mask:
        return np.repeat(np.array(kept), sizes)

    deep = [module.groups > 1 for _, module in convolutions]
    wide = [module.out_channels > module.in_channels for _, module in convolutions]
    place = (np.arange(count) + 0.5) / count
    last, first = len(convolutions) - 1, 0
    layer = range(len(convolutions))
    return {
        "all": where([True] * len(convolutions)),
        "without the stem": where([i != first for i in layer]),
        "without the last": where([i != last for i in layer]),
        "depthwise": where(deep),
        "depthwise of the early half of the layers": where(
            [d and i < len(convolutions) / 2 for i, d in enumerate(deep)]
        ),
        "depthwise of the late half of the layers": where(
            [d and i >= len(convolutions) / 2 for i, d in enumerate(deep)]
        ),
        "not depthwise": where([not d for d in deep]),
        "pointwise that widen": where([w and not d for w, d in zip(wide, deep, strict=True)]),
        "pointwise that narrow": where([not w and not d for w, d in zip(wide, deep, strict=True)]),
        "early half of the layers": where([i < len(convolutions) / 2 for i in layer]),
        "late half of the layers": where([i >= len(convolutions) / 2 for i in layer]),
        "early half of the filters": place < 0.5,
        "late half of the filters": place >= 0.5,
        "the last layer": where([i == last for i in layer]),
    }
