import numpy as np
import pytest
import torch
from test_variational import CURVATURE, PRIOR, SIZES, Quadratic
from torch.distributions import Normal, kl_divergence

from task2vec.fisher.curve import curve_point, disorder, sweep
from task2vec.fisher.noise import nats_of_noise, nats_of_place
from task2vec.messages.information import CurvePoint

POINT = CurvePoint(
    beta=1e-3, loss=0.5, loss_error=0.1, nats=100.0, converged=True, rounds=3, gradient=0, error=0
)


def test_nats_are_the_divergence_of_gaussians():
    weights = torch.tensor([[0.3, -0.2], [1.5, 0.0]], dtype=torch.float64)
    precision, prior = np.array([50.0, 4.0]), np.array([3.0, 5.0])
    place = Normal(weights, torch.from_numpy(precision)[:, None] ** -0.5)
    about_zero = Normal(0.0, torch.from_numpy(prior)[:, None] ** -0.5)
    expected = kl_divergence(place, about_zero).sum(dim=1).numpy()
    sizes = np.array([2, 2])
    found = nats_of_noise(precision, prior=prior, sizes=sizes) + nats_of_place(
        weights.square().mean(dim=1).numpy(), prior=prior, counts=sizes
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_no_information_at_the_priors_noise_and_digits_near_it():
    sizes = np.array([3, 3])
    prior = np.array([2.0, 2.0])
    found = nats_of_noise(prior * (1, 1 + 1e-6), prior=prior, sizes=sizes)
    # d/2 (x - 1 - log x) = d/4 (x - 1)^2 near 1.
    np.testing.assert_allclose(found, [0, 3 / 4 * 1e-12], rtol=1e-3)


def test_a_curve_is_monotone_and_as_the_closed_form_says():
    objective = Quadratic()
    found = list(sweep(objective, (10.0, 0.1, 1.0), prior=PRIOR, start=CURVATURE))
    assert [each.beta for each in found] == [0.1, 1.0, 10.0]
    points = [curve_point(objective, each, prior=PRIOR, of_place=7.0) for each in found]
    for point in points:
        precision = objective.images / point.beta * CURVATURE + PRIOR
        nats = nats_of_noise(precision, prior=PRIOR, sizes=SIZES).sum()
        assert point.nats == pytest.approx(nats + 7.0)
        assert point.loss == pytest.approx(0.2 + SIZES @ (CURVATURE / precision) / 2)
    assert disorder(points) == []
    assert points[0].loss < points[1].loss < points[2].loss
    assert points[0].nats > points[1].nats > points[2].nats


def test_each_beta_starts_from_its_neighbour():
    """A start that is far off costs rounds once: the next beta begins where the first ended."""
    objective = Quadratic(factor=(2.0, 3.0, 4.0))
    rounds = [
        each.state.round
        for each in sweep(objective, (0.1, 0.2, 0.4), prior=PRIOR, start=CURVATURE * 1e6)
    ]
    assert rounds[0] > 2
    assert rounds[1:] == [1, 1]


def test_where_a_curve_is_not_monotone_is_said():
    low = POINT.model_copy(update={"beta": 1e-4, "loss": 0.6, "nats": 90.0})
    (loss, nats) = disorder([POINT, low])
    assert "the loss falls by 0.1 from beta 0.0001 to 0.001, within" in loss
    assert "the nats rise by 10 from beta 0.0001 to 0.001" in nats
    (loss, _) = disorder([each.model_copy(update={"loss_error": 0.01}) for each in (POINT, low)])
    assert "beyond" in loss
