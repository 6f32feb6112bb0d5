from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch.distributions import Normal, kl_divergence

from task2vec.errors import SettingError
from task2vec.fisher.noisy_loss import NoisySample
from task2vec.fisher.variational import Stopping, fit_precision

IMAGES = 50
SIZES = np.array([9, 9, 9, 9, 300, 300, 300, 1, 1, 40])
LAYER = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
CURVATURE = np.array([1e-3, 2e-3, 5e-2, 0.0, 3e-4, 1e-3, 7e-3, 2.0, 0.4, 0.1])
PRIOR = np.array([30.0, 30, 30, 30, 100, 100, 100, 4, 4, 4])


@dataclass
class Quadratic:
    """``loss = 0.2 + 1/2 sum h_i (w_i - w0_i)^2``, whose Hessian is ``factor`` times what its
    Gauss-Newton part says, layer by layer.

    With ``noise`` the estimates of the curvature scatter, and the slopes are those of antithetic
    pairs; without, all is exact.
    """

    noise: float = 0.0
    factor: tuple[float, float, float] = (1.0, 1.0, 1.0)
    parts: int = 6
    seed: int = 0

    sizes = SIZES
    layer = LAYER
    images = IMAGES

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.hessian = CURVATURE * np.array(self.factor)[LAYER]
        self.looks = 0

    def sample(self, variance):
        self.looks += 1
        shape = (2, len(SIZES))
        scatter = self.rng.gamma(1 / self.noise**2, self.noise**2, shape) if self.noise else 1.0
        slopes = np.zeros((self.parts, 3))
        for part in slopes:
            # The mean square of the d standard normal numbers of each element.
            squares = self.rng.chisquare(SIZES) / SIZES if self.noise else 1.0
            terms = variance * SIZES * squares * self.hessian / 2
            part += np.bincount(LAYER, weights=terms) / self.parts
        return NoisySample(CURVATURE * np.ones(shape) * scatter, slopes)

    def evaluate(self, variance):
        return 0.2 + float(SIZES * variance @ self.hessian) / 2, 0.0


def lagrangian(logs, *, hessian, beta):
    """The Lagrangian written down once more, with torch's own divergence of Gaussians."""
    variance = torch.exp(logs)
    loss = 0.2 + (torch.from_numpy(SIZES * hessian) * variance).sum() / 2
    prior = Normal(0.0, torch.from_numpy(PRIOR) ** -0.5)
    nats = (kl_divergence(Normal(0.0, variance.sqrt()), prior) * torch.from_numpy(SIZES)).sum()
    return loss + beta / IMAGES * nats


def minimum(hessian, *, beta):
    def value_and_slope(logs):
        at = torch.tensor(logs, requires_grad=True)
        value = lagrangian(at, hessian=hessian, beta=beta)
        (slope,) = torch.autograd.grad(value, at)
        return value.item(), slope.numpy()

    found = minimize(
        value_and_slope, -np.log(PRIOR), jac=True, method="L-BFGS-B", tol=1e-14,
        options={"maxiter": 10_000, "maxfun": 10_000, "gtol": 1e-13},
    )  # fmt: skip
    return np.exp(-found.x)


@pytest.mark.parametrize("beta", [1e-3, 0.1, 10.0])
def test_a_quadratic_loss_has_the_closed_form(beta):
    objective = Quadratic()
    found = fit_precision(objective, beta=beta, prior=PRIOR, start=CURVATURE)
    expected = IMAGES / beta * CURVATURE + PRIOR
    np.testing.assert_allclose(found.precision, expected, rtol=1e-9)
    # Where Gauss-Newton is exact, the Fisher limit is the start: one look sees that it is there.
    assert found.converged
    assert found.state.round == 1
    assert found.state.gradient < 1e-9
    assert found.loss == pytest.approx(0.2 + SIZES @ (CURVATURE / expected) / 2)


@pytest.mark.parametrize("beta", [0.1, 10.0])
def test_the_closed_form_is_the_minimum_of_the_lagrangian(beta):
    np.testing.assert_allclose(
        minimum(CURVATURE, beta=beta), IMAGES / beta * CURVATURE + PRIOR, rtol=2e-3
    )


def test_the_factors_of_layers_lead_to_the_true_minimum():
    objective = Quadratic(factor=(0.5, 2.0, 3.0))
    found = fit_precision(
        objective, beta=1.0, prior=PRIOR, start=CURVATURE, stopping=Stopping(0.01, rounds=60)
    )
    assert found.converged
    np.testing.assert_allclose(found.factors, (0.5, 2.0, 3.0), rtol=1e-6)
    expected = minimum(objective.hessian, beta=1.0)
    np.testing.assert_allclose(found.precision, expected, rtol=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_averaged_to_within_the_stated_error(seed):
    objective = Quadratic(noise=0.3, seed=seed)
    stopping = Stopping(0.1, rounds=200)
    start = CURVATURE[::-1].copy()
    found = fit_precision(objective, beta=1.0, prior=PRIOR, start=start, stopping=stopping)
    assert found.converged
    expected = IMAGES * CURVATURE + PRIOR
    away = np.sqrt(SIZES @ (found.precision / expected - 1) ** 2 / SIZES.sum())
    # Ten elements of unequal weight: twice the criterion is no outlier.
    assert away < 2 * stopping.tolerance
    assert found.state.round == objective.looks


def test_the_stated_error_is_how_far_repeats_scatter():
    runs = [
        fit_precision(
            Quadratic(noise=0.05, seed=seed),
            beta=1.0, prior=PRIOR, start=CURVATURE, stopping=Stopping(1e-9, rounds=12),
        )
        for seed in range(40)
    ]  # fmt: skip
    scatter = np.log([run.precision for run in runs]).var(axis=0, ddof=1)
    stated = np.mean([run.state.error**2 for run in runs])
    # Most of it is the error of the layers' factors here, not that of the curvature.
    assert 0.5 < np.sqrt(stated / (SIZES @ scatter / SIZES.sum())) < 1.5


def test_without_enough_rounds_it_says_that_it_has_not_converged():
    objective = Quadratic(noise=0.3)
    start = CURVATURE[::-1].copy()
    found = fit_precision(
        objective, beta=1.0, prior=PRIOR, start=start, stopping=Stopping(0.01, rounds=4)
    )
    assert not found.converged
    assert found.state.round == objective.looks == 4
    assert max(found.state.gradient, found.state.error) > 0.01


def test_progress_sees_every_round():
    seen = []
    found = fit_precision(
        Quadratic(noise=0.3),
        beta=1.0,
        prior=PRIOR,
        start=CURVATURE[::-1].copy(),
        stopping=Stopping(0.1, rounds=100),
        progress=seen.append,
    )
    assert [state.round for state in seen] == list(range(1, len(seen) + 1))
    assert seen[-1] == found.state
    assert seen[-1].error < seen[-2].error


@pytest.mark.parametrize("beta", [0.0, -1.0, float("inf"), float("nan")])
def test_a_lagrangian_without_a_minimum_is_refused(beta):
    with pytest.raises(SettingError, match="minimum"):
        fit_precision(Quadratic(), beta=beta, prior=PRIOR, start=CURVATURE)


@pytest.mark.parametrize(("tolerance", "rounds"), [(0.0, 5), (1.0, 5), (0.1, 0)])
def test_impossible_stopping_is_refused(tolerance, rounds):
    with pytest.raises(SettingError, match="stopped"):
        Stopping(tolerance, rounds=rounds)
