"""The published matrices of networks that were pretrained on ImageNet, and these networks' figures.

The outcomes name torchvision's networks, each collection in its own way; the names below were read
off the code of each collection at the revision of `sources.csv`. All had torchvision's first
weights (IMAGENET1K_V1), whose accuracy and size torchvision states. Where timm judged the same
weights (its tag ``tv_in1k``), the figures on the variants of ImageNet are known, too.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import log, log10

import numpy as np
from numpy.typing import NDArray
from torchvision.models import get_model_weights

from research.published.outcomes import published_outcomes
from task2vec.recommendation.published.models import published_models

#: torchvision's names of the models, by collection.
NETWORKS: Mapping[str, Mapping[str, str]] = {
    "sfda-supervised": {
        name: name
        for name in (
            *("resnet34", "resnet50", "resnet101", "resnet152"),
            *("densenet121", "densenet169", "densenet201"),
            *("googlenet", "inception_v3", "mnasnet1_0", "mobilenet_v2"),
        )
    },
    "parc-all": {
        f"{name}/imagenet": name for name in ("alexnet", "googlenet", "resnet18", "resnet50")
    },
    "medmnist-by-architecture": {
        "convnext": "convnext_tiny",
        "densenet": "densenet121",
        "efficientnet": "efficientnet_v2_s",
        "googlenet": "googlenet",
        "mnasnet": "mnasnet1_0",
        "mobilenet": "mobilenet_v3_small",
        "resnet": "resnet18",
        "shufflenet": "shufflenet_v2_x0_5",
        "vgg": "vgg11",
    },
}
#: One data set under two names must be left out under both.
ALIASES = {"oxford_pets": "pets"}


@dataclass(frozen=True)
class Matrix:
    """Outcomes of networks (M) on data sets (T): ``values`` are fractions (M, T)."""

    collection: str
    networks: tuple[str, ...]
    targets: tuple[str, ...]
    values: NDArray[np.float64]

    def without(self, *, networks: Collection[str] = (), target: str | None = None) -> "Matrix":
        """Return what is left without some networks and a data set."""
        rows = [i for i, name in enumerate(self.networks) if name not in networks]
        columns = [j for j, name in enumerate(self.targets) if name != target]
        return replace(
            self,
            networks=tuple(self.networks[i] for i in rows),
            targets=tuple(self.targets[j] for j in columns),
            values=self.values[np.ix_(rows, columns)],
        )


def matrices() -> list[Matrix]:
    """Return the published matrices of networks pretrained on ImageNet."""
    found = []
    for collection, networks in NETWORKS.items():
        cells = {
            (ALIASES.get(o.target, o.target), networks[o.model]): o.value
            for o in published_outcomes()
            if o.collection == collection and o.model in networks
        }
        targets = tuple(sorted({target for target, _ in cells}))
        names = tuple(networks.values())
        values = np.array([[cells[target, name] for target in targets] for name in names])
        found.append(Matrix(collection, names, targets, values))
    return found


@cache
def figures(network: str) -> Mapping[str, float]:
    """Return what is published of a network: logits of accuracies, and the log of its size."""
    weights = get_model_weights(network)["IMAGENET1K_V1"]
    top1 = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100
    known = {"top1": logit(top1), "log_parameters": log10(weights.meta["num_params"])}
    row = published_models().get(f"{network}.tv_in1k")
    if row is not None:
        variants = {"real": row.real, "v2": row.v2, "r": row.r, "sketch": row.sketch, "a": row.a}
        known |= {name: logit(value) for name, value in variants.items() if value is not None}
    return known


def logit(share: float) -> float:
    """Return the logarithm of the odds of a fraction."""
    return log(share / (1 - share))
