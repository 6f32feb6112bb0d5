"""How many nats a task puts into the weights of its head.

The head minimises ``sum_i w_i (-log p(y_i | f_i)) + penalty/2 |W|^2``, the weights w adding up to
1. Times the number N of images that is the negative log posterior of N images (of N w_i each), the
prior W ~ N(0, I / (N penalty)), with a flat one on the bias. Noise on W is put as the information
Lagrangian puts it (docs/adr/0014-information-lagrangian.md), here at beta = 1: among Gaussians
about W* that are independent between classes, the expected loss to second order plus the divergence
from the prior is least where the precision of class c is N (penalty I + H_c), H_c the diagonal
block of the loss's Hessian (Laplace's method: MacKay 1992, "A Practical Bayesian Framework for
Backpropagation Networks"; Bishop 2006, sections 4.4, 4.5 and 10.1.2). Logits are linear in W, so
the Hessian is exactly the Fisher information, ``sum_i w_i p_ic (1 - p_ic) (f_i, 1)(f_i, 1)^T``.
Marginalising the bias centres the features with these weights v_i:

    H_c = sum_i v_i (f_i - m)(f_i - m)^T,    m = sum_i v_i f_i / sum_i v_i.

With its eigenvalues h, those of an N x N kernel and zeros, the divergence of N(W*, ...) from the
prior is

    1/2 [sum_c sum_h (log(1 + h/penalty) - h/(h + penalty)) + N penalty |W*|^2].

The sum is what the data say of the weights beyond their place (`nats_of_noise`, with
Lambda/lambda^2 = 1 + h/penalty), the last term what their place costs (`nats_of_place`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from task2vec.probe.head import Head, class_weights, fit_head
from task2vec.probe.solver import DEFAULT_PENALTY
from task2vec.types.details import HeadInformation

#: Images that `head_information` looks at, two of each class at least: the nats grow with them, and
#: an N x N kernel is taken apart for each class. With more classes it would take minutes.
MOST_IMAGES, MOST_CLASSES = 300, 300


@dataclass(frozen=True)
class HeadNats:
    """Nats of the noise and of the place of a head's weights; their sum is the divergence."""

    noise: float
    place: float

    @property
    def total(self) -> float:
        """The divergence of the posterior from the prior."""
        return self.noise + self.place


def head_nats(
    head: Head,
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    penalty: float = DEFAULT_PENALTY,
) -> HeadNats:
    """Return the nats of a head that was fitted to (N, D) features with this penalty."""
    X = np.asarray(features, dtype=np.float64)
    # Centred, the products of features keep their digits; H_c does not change by it.
    X = X - X.mean(axis=0)
    p = softmax(np.asarray(features) @ head.weight.T + head.bias, axis=1)
    curvatures = class_weights(labels, len(head.weight))[:, None] * p * (1 - p)
    gram = X @ X.T
    noise = 0.0
    for v in curvatures.T:
        if not v.any():
            # The head is certain to the last digit: its loss has no curvature.
            continue
        share = v / v.sum()
        # (f_i - m) . (f_j - m), without the features.
        mean = gram @ share
        kernel = np.sqrt(np.outer(v, v)) * (gram - mean - mean[:, None] + share @ mean)
        ratios = np.maximum(np.linalg.eigvalsh(kernel), 0) / penalty
        noise += float((np.log1p(ratios) - ratios / (1 + ratios)).sum() / 2)
    place = len(labels) * penalty * float(np.square(head.weight).sum()) / 2
    return HeadNats(noise, place)


def head_information(
    head: Head,
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    penalty: float = DEFAULT_PENALTY,
) -> HeadInformation | None:
    """Return the nats of noise that foretell how hard a task is, with the number of images.

    Of more than `MOST_IMAGES` images the head is fitted anew to as many, class by class in turn, so
    that tasks of many images compare. None for more than `MOST_CLASSES` classes.
    """
    classes = len(head.weight)
    if classes > MOST_CLASSES:
        return None
    most = max(MOST_IMAGES, 2 * classes)
    if len(labels) > most:
        rows = np.sort(np.argsort(_place_in_class(labels), kind="stable")[:most])
        features, labels = features[rows], labels[rows]
        head = fit_head(features, labels, classes=classes, penalty=penalty)
    nats = head_nats(head, features, labels, penalty=penalty).noise
    return HeadInformation(max(nats, 0.0), len(labels))


def _place_in_class(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (N,) how many images of the same class come before each."""
    places = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        places[rows] = np.arange(len(rows))
    return places
