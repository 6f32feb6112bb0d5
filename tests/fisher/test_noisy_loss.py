import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher.noise import NoisyCopy
from task2vec.fisher.noisy_loss import NoisyCrossEntropy
from task2vec.fisher.per_image import PerImageFisher
from task2vec.fisher.root import root_times
from task2vec.types import Likelihood

IMAGES, CLASSES = 6, 3


@pytest.fixture(scope="module")
def network():
    """A smooth network: its Hessian exists everywhere, so that autograd is an oracle."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, bias=False),
        nn.BatchNorm2d(4),
        nn.Tanh(),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.Tanh(),
        nn.Conv2d(4, 5, 1),
        nn.Flatten(),
    ).double().eval()  # fmt: skip


@pytest.fixture(scope="module")
def images():
    return torch.randn(IMAGES, 3, 7, 7, generator=torch.Generator().manual_seed(4)).double()


LABELS = np.array([0, 1, 2, 0, 1, 2])
WEIGHTS = np.array([0.1, 0.2, 0.1, 0.25, 0.15, 0.2])
HEAD = torch.randn(CLASSES, 5, generator=torch.Generator().manual_seed(5)).double()


def head(features):
    return F.linear(features, HEAD)


def objective(noisy, images, **changes):
    options = {"batch_size": 2, "seed": 0, "labels": LABELS, "weights": WEIGHTS, **changes}
    return NoisyCrossEntropy(noisy, head, inputs=lambda rows: images[rows], **options)


def mean_loss(network, images):
    losses = F.cross_entropy(head(network(images)), torch.from_numpy(LABELS), reduction="none")
    return torch.from_numpy(WEIGHTS) @ losses


def by_layer(noisy, per_element):
    return np.bincount(noisy.layer, weights=per_element)


def hessian_diagonal(network, images):
    """Return the second derivative by each convolution weight, one at a time."""
    found = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.requires_grad_(True)
            (slope,) = torch.autograd.grad(
                mean_loss(network, images), module.weight, create_graph=True
            )
            flat = slope.reshape(-1)
            seconds = [
                torch.autograd.grad(g, module.weight, retain_graph=True)[0].reshape(-1)[i]
                for i, g in enumerate(flat)
            ]
            found.append(torch.stack(seconds).detach())
            module.weight.requires_grad_(False)
    return torch.cat(found).numpy()


def test_the_noise_is_laid_out_by_filter_and_by_weight(network):
    filters, weights = NoisyCopy(network), NoisyCopy(network, per_weight=True)
    assert filters.layers == weights.layers == ("0", "3", "5")
    np.testing.assert_array_equal(filters.sizes, [27] * 4 + [9] * 4 + [4] * 5)
    np.testing.assert_array_equal(filters.layer, [0] * 4 + [1] * 4 + [2] * 5)
    assert len(weights.sizes) == filters.sizes.sum() and set(weights.sizes) == {1}
    np.testing.assert_array_equal(np.bincount(weights.layer), by_layer(filters, filters.sizes))
    np.testing.assert_allclose(filters.power[1], network[3].weight.square().mean().item())


@pytest.mark.parametrize("per_weight", [False, True])
def test_the_noise_has_the_variances_that_it_is_given(network, per_weight):
    noisy = NoisyCopy(network, per_weight=per_weight)
    variance = np.linspace(0, 2, len(noisy.sizes))
    generator = torch.Generator().manual_seed(0)
    draws = [noisy.scaled(noisy.draw(generator), variance) for _ in range(4000)]
    for layer in range(3):
        found = torch.stack([draw[layer] for draw in draws]).square().mean(dim=0)
        flat = found.reshape(-1).numpy()
        expected = np.repeat(variance, noisy.sizes)[np.repeat(noisy.layer, noisy.sizes) == layer]
        np.testing.assert_allclose(flat, expected, rtol=0.15)


def test_the_network_is_not_touched_and_the_copy_comes_back(network, images):
    before = copy.deepcopy(network.state_dict())
    noisy = NoisyCopy(network)
    loss = objective(noisy, images)
    loss.sample(np.full(len(noisy.sizes), 0.01))
    loss.evaluate(np.full(len(noisy.sizes), 0.01))

    class Stop(BaseException):
        """Like an interruption from the keyboard."""

    shift = noisy.scaled(
        noisy.draw(torch.Generator().manual_seed(0)), np.full(len(noisy.sizes), 0.1)
    )
    with pytest.raises(Stop), noisy.shifted(shift):
        assert not torch.equal(noisy.weights[0], before["0.weight"])
        raise Stop
    for state in (network.state_dict(), noisy.network.state_dict()):
        assert all(torch.equal(state[name], before[name]) for name in before)


def test_without_noise_the_curvature_is_the_fisher_information(network, images):
    noisy = NoisyCopy(network)
    basis = torch.eye(CLASSES).double()[:, None, :].expand(-1, IMAGES, -1)
    exact = PerImageFisher(network)(
        images, head, lambda z: root_times(z.detach(), basis, Likelihood.CATEGORICAL)
    )
    expected = WEIGHTS @ exact.numpy()
    loss = objective(noisy, images)
    looks = np.array([loss.sample(np.zeros(len(noisy.sizes))).curvature for _ in range(200)])
    found, error = looks.mean(axis=(0, 1)), looks.std(axis=(0, 1)) / 20
    assert (np.abs(found - expected) < 4.5 * error + 1e-12).all()
    assert np.median(error / expected) < 0.05


def test_filters_are_means_over_their_weights(network, images):
    """With signs for the exact root in both, so that nothing is left to chance."""
    filters, weights = NoisyCopy(network), NoisyCopy(network, per_weight=True)
    a, b = (objective(noisy, images, batch_size=1) for noisy in (filters, weights))
    # The same seed draws the same signs, and no noise needs none.
    zero = a.sample(np.zeros(len(filters.sizes))), b.sample(np.zeros(len(weights.sizes)))
    owner = np.repeat(np.arange(len(filters.sizes)), filters.sizes)
    for half in (0, 1):
        means = np.bincount(owner, weights=zero[1].curvature[half]) / filters.sizes
        np.testing.assert_allclose(zero[0].curvature[half], means, rtol=1e-9)


def test_slopes_are_the_hessian_where_the_noise_is_small(network, images):
    """``dE[loss]/dlog v = 1/2 v tr H`` to first order in v, with the full Hessian of autograd."""
    noisy = NoisyCopy(network)
    variance = np.full(len(noisy.sizes), 1e-6)
    owner = np.repeat(np.arange(len(noisy.sizes)), noisy.sizes)
    trace = np.bincount(owner, weights=hessian_diagonal(copy.deepcopy(network), images))
    expected = by_layer(noisy, variance * trace / 2)
    loss = objective(noisy, images)
    looks = np.array([loss.sample(variance).slopes.sum(axis=0) for _ in range(1500)])
    error = looks.std(axis=0) / np.sqrt(len(looks))
    assert (np.abs(looks.mean(axis=0) - expected) < 4 * error).all()
    assert (error < 0.2 * np.abs(expected)).any()
    # Gauss-Newton alone is another number here: the factors of layers have work to do.
    curvature = np.mean([loss.sample(variance).curvature.mean(axis=0) for _ in range(100)], axis=0)
    gauss_newton = by_layer(noisy, variance * noisy.sizes * curvature / 2)
    assert (np.abs(gauss_newton - expected) > 8 * error).any()


def test_slopes_are_derivatives_of_the_loss_where_the_noise_is_large(network, images):
    """Against differences of `evaluate` with common random numbers."""
    noisy = NoisyCopy(network)
    variance, step = np.full(len(noisy.sizes), 0.02), 0.1
    loss = objective(noisy, images)
    looks = np.array([loss.sample(variance).slopes.sum(axis=0) for _ in range(400)])
    found, error = looks.mean(axis=0), looks.std(axis=0) / 20
    for layer in range(3):
        sides = []
        for sign in (1, -1):
            changed = variance * np.exp(sign * step * (noisy.layer == layer))
            sides.append(objective(noisy, images, evaluations=3000).evaluate(changed)[0])
        difference = (sides[0] - sides[1]) / (2 * step)
        assert difference == pytest.approx(found[layer], abs=4 * error[layer] + 0.002)
    assert (error < 0.1 * np.abs(found)).any()


def test_the_loss_states_its_error(network, images):
    noisy = NoisyCopy(network)
    variance = np.full(len(noisy.sizes), 0.02)
    looks = [objective(noisy, images, seed=seed).evaluate(variance) for seed in range(60)]
    losses, errors = np.array(looks).T
    scatter, stated = losses.std(ddof=1), np.sqrt((errors**2).mean())
    assert 0.6 < scatter / stated < 1.6
    still = objective(noisy, images).evaluate(np.zeros(len(noisy.sizes)))
    assert still[0] == pytest.approx(mean_loss(network, images).item(), rel=1e-12)
    assert still[1] == pytest.approx(0, abs=1e-12)


def test_equal_seeds_give_equal_numbers(network, images):
    noisy = NoisyCopy(network)
    variance = np.full(len(noisy.sizes), 0.01)
    first, again, other = (objective(noisy, images, seed=s).sample(variance) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.curvature, again.curvature)
    np.testing.assert_array_equal(first.slopes, again.slopes)
    assert (first.slopes != other.slopes).all()


def test_what_cannot_be_computed_is_refused(network, images):
    noisy = NoisyCopy(network)
    with pytest.raises(SettingError, match="not finite"):
        objective(noisy, images * np.inf).sample(np.zeros(len(noisy.sizes)))
    with pytest.raises(SettingError, match="Too little"):
        objective(noisy, images, evaluations=2)
    with pytest.raises(SettingError, match="nothing to give noise to"):
        NoisyCopy(nn.Linear(2, 2))
