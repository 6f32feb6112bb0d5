"""How many nats the weights hold: the divergence from a prior about zero."""

import numpy as np

from task2vec.fisher.noise import Numbers, Vector


def nats_of_noise(precision: Vector, *, prior: Vector, sizes: Numbers) -> Vector:
    """Return KL(N(w0, Lambda^-1) || N(w0, lambda^-2)) of each element (n,), in nats.

    ``precision`` and ``prior`` (n,) are Lambda and lambda^2, ``sizes`` (n,) counts the weights that
    share them: ``d/2 (x - 1 - log x)``, x = lambda^2/Lambda. It is 0 where the noise is the
    prior's, that is where the task does not care for the weight.

    The divergence from N(0, lambda^-2) is this plus `nats_of_place`.
    """
    excess = prior / precision - 1
    nats: Vector = sizes / 2 * (excess - np.log1p(excess))
    return nats


def nats_of_place(power: Vector, *, prior: Vector, counts: Numbers) -> Vector:
    """Return ``1/2 lambda^2 |w0|^2`` of each layer (L,), in nats: what the weights' place costs.

    ``power`` (L,) is the mean square of a layer's weights, ``prior`` (L,) lambda^2, ``counts`` (L,)
    the number of weights. It depends on the probe and the prior, not on the task or on beta: with
    ``lambda^-2 = power`` it is half a nat a weight.
    """
    nats: Vector = counts * prior * power / 2
    return nats
