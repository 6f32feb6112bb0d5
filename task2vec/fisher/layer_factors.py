"""By how much each layer's curvature differs from its Gauss-Newton part."""

from dataclasses import dataclass

import numpy as np

from task2vec.fisher.noise import Vector

#: Beyond these a factor is taken for noise, or for a loss that the noise does good to.
_LEAST, _MOST = 0.1, 10.0
#: Slopes without an error have this one, so that there is something to weigh them by.
_EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class LayerFactors:
    """``values`` (L,) and ``errors`` (L,), their relative standard errors."""

    values: Vector
    errors: Vector


def layer_factors(slopes: Vector, *, errors: Vector, gauss_newton: Vector) -> LayerFactors:
    """Return c (L,) such that ``c * gauss_newton`` is what ``slopes`` are best taken for.

    ``slopes`` (L,) are unbiased estimates, with standard errors ``errors`` (L,), of the derivatives
    whose Gauss-Newton parts are ``gauss_newton`` (L,), known far better. A layer of few weights has
    a ratio of noise, so the ratios r_l are shrunk towards the common one, ``c_0 = sum slopes / sum
    gauss_newton``, as far as their spread can be explained by their errors s_l: under r_l ~ N(c_l,
    s_l^2), c_l ~ N(c_0, tau^2) the mean of c_l is ``c_0 + tau^2/(tau^2 + s_l^2) (r_l - c_0)``.
    tau^2 is the estimate by moments of DerSimonian and Laird (1986): with w = 1/s^2,
    ``Q = sum w (r_l - r)^2`` about the weighted mean r has the expectation
    ``L - 1 + tau^2 (sum w - sum w^2 / sum w)``.
    """
    known = gauss_newton > 0
    if not known.any():
        return LayerFactors(np.ones(len(slopes)), np.zeros(len(slopes)))
    total = gauss_newton.sum()
    common = float(np.clip(slopes.sum() / total, _LEAST, _MOST))
    common_error = float(np.sqrt((errors**2).sum()) / total)
    ratios = slopes[known] / gauss_newton[known]
    s = np.maximum(errors[known] / gauss_newton[known], _EXACT)
    w = 1 / s**2
    mean = (w @ ratios) / w.sum()
    room = w.sum() - (w @ w) / w.sum()
    excess = w @ (ratios - mean) ** 2 - (len(w) - 1)
    tau2 = max(0.0, float(excess / room)) if room > 0 else 0.0
    trust = tau2 / (tau2 + s**2)
    values = np.full(len(slopes), common)
    values[known] += trust * (ratios - common)
    values = np.clip(values, _LEAST * common, _MOST * common)
    # The posterior's variance, and what the common factor's own error leaves of itself.
    variance = np.full(len(slopes), common_error**2)
    variance[known] = trust * s**2 + (1 - trust) ** 2 * common_error**2
    return LayerFactors(values, np.sqrt(variance) / values)
