"""A layer with something around it, and its exact Fisher information, in double precision."""

import torch
import torch.nn.functional as F
from torch import nn

from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import Estimator


def seen_by(layer, classes=3, size=9):
    """Return a network around a layer, a head, and images; the last two are random."""
    torch.manual_seed(17)
    network = nn.Sequential(
        # Something below it, so that its input gradient is tested as well.
        nn.Conv2d(3, 4, 2, dtype=torch.float64),
        nn.Tanh(),
        layer,
        nn.Tanh(),
        nn.Flatten(),
    ).eval()
    images = torch.randn(3, 3, size, size, dtype=torch.float64)
    weight = torch.randn(classes, network(images).shape[1], dtype=torch.float64) / 3
    return network, lambda features: F.linear(features, weight), images


def exact(network, head, images, classes=3):
    return exact_by(PerImageFisher(network), head, images, classes)


def exact_by(per_image, head, images, classes=3):
    """Return the exact Fisher information of each image, by one that may have run before."""
    noise = draw_noise(
        Estimator.EXACT, LabelModel(images=len(images), classes=classes), draws=1, seed=0
    )
    return per_image(images, head, lambda logits: noise.cotangents(logits, 0))


def close(found, expected):
    # Squares that vanish would agree with any others that do.
    assert expected.max() > 1e-9
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-13 * float(expected.max()))
