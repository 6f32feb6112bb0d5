import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher.logit_root import root_times
from task2vec.fisher.noise import NoisyCopy
from task2vec.fisher.noisy_loss import NoisyCrossEntropy
from task2vec.fisher.per_image import PerImageFisher
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


def test_the_noise_is_laid_out_by_filter_and_by_weight(network):
    filters, weights = NoisyCopy(network), NoisyCopy(network, per_weight=True)
    assert filters.layers == weights.layers == ("0", "3", "5")
    np.testing.assert_array_equal(filters.sizes, [27] * 4 + [9] * 4 + [4] * 5)
    np.testing.assert_array_equal(filters.layer, [0] * 4 + [1] * 4 + [2] * 5)
    assert len(weights.sizes) == filters.sizes.sum()
    assert set(weights.sizes) == {1}
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


def test_units_of_transposed_convolutions_are_their_output_channels():
    """Where the noise of one unit alone is not 0, its own output channel alone moves."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.ConvTranspose2d(4, 6, 3, groups=2)).eval()
    noisy, image = NoisyCopy(network), torch.randn(1, 4, 5, 5)
    still = network(image)
    assert noisy.sizes.tolist() == [2 * 9] * 6
    for unit in range(6):
        shift = noisy.scaled(noisy.draw(torch.Generator().manual_seed(1)), np.eye(6)[unit])
        with noisy.shifted(shift) as moved:
            changed = (moved(image) != still).flatten(2).any(dim=2)[0]
        assert changed.tolist() == [other == unit for other in range(6)]


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

    def stop_within():
        with noisy.shifted(shift):
            assert not torch.equal(noisy.weights[0], before["0.weight"])
            raise Stop

    with pytest.raises(Stop):
        stop_within()
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
    looks = np.array([loss.sample(np.zeros(len(noisy.sizes))).curvature for _ in range(50)])
    found, error = looks.mean(axis=(0, 1)), looks.std(axis=(0, 1)) / 10
    assert (np.abs(found - expected) < 4.5 * error + 1e-12).all()
    assert np.median(error / expected) < 0.1


def test_several_labels_an_image_and_missing_ones(network, images):
    """Against the loss and the Fisher information written down label by label."""
    labels = np.array([[1, 0, -1], [0, 1, 1], [1, 1, 0], [0, 0, 1], [-1, 1, 0], [1, 0, 1]])
    label_weights = np.where(labels < 0, 0, np.arange(1, 19).reshape(6, 3) / 10)
    noisy = NoisyCopy(network)
    loss = objective(noisy, images, labels=labels, label_weights=label_weights)
    logits = head(network(images)).detach().numpy()
    p = 1 / (1 + np.exp(-logits))
    terms = -np.where(labels == 1, np.log(p), np.log(1 - p)) * label_weights
    still = np.zeros(len(noisy.sizes))
    assert loss.evaluate(still)[0] == pytest.approx(WEIGHTS @ terms.sum(axis=1), rel=1e-9)

    roots = np.sqrt(label_weights * p * (1 - p))
    basis = torch.from_numpy(np.stack([roots * np.eye(3)[c] for c in range(3)]))
    exact = WEIGHTS @ PerImageFisher(network)(images, head, lambda _: basis).numpy()
    looks = np.array([loss.sample(still).curvature for _ in range(50)])
    error = looks.std(axis=(0, 1)) / 10
    assert (np.abs(looks.mean(axis=(0, 1)) - exact) < 4.5 * error + 1e-12).all()
    assert np.median(error / exact) < 0.1


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_filters_are_means_over_their_weights(network, images, noise):
    """The fast path against autograd image by image, at the noisy weights."""
    filters, weights = NoisyCopy(network), NoisyCopy(network, per_weight=True)
    # The same seed draws the same noise and signs for both; twice, for a second look sees what the
    # first may have kept.
    a, b = (objective(noisy, images, batch_size=1) for noisy in (filters, weights))
    owner = np.repeat(np.arange(len(filters.sizes)), filters.sizes)
    for _ in range(2):
        fast = a.sample(np.full(len(filters.sizes), noise))
        slow = b.sample(np.full(len(weights.sizes), noise))
        np.testing.assert_allclose(fast.slopes, slow.slopes, rtol=1e-9, atol=1e-15)
        # Without noise there are none to compare; with it, all are far above the tolerance.
        assert (np.abs(fast.slopes) > 1e-9).all() == (noise > 0)
        assert (fast.slopes == 0).all() == (noise == 0)
        for half in (0, 1):
            means = np.bincount(owner, weights=slow.curvature[half]) / filters.sizes
            np.testing.assert_allclose(fast.curvature[half], means, rtol=1e-9)


class Recording(NoisyCopy):
    """A copy that remembers what it drew."""

    def draw(self, generator):
        self.drawn = [*getattr(self, "drawn", []), super().draw(generator)]
        return self.drawn[-1]


def test_slopes_of_small_noise_are_quadratic_forms_of_the_hessian(network, images):
    """``1/4 (g+ - g-) . s = 1/2 s^T H s`` to third order, with the full Hessian of autograd.

    The mean of ``s^T H s`` over a layer's part of s = sqrt(v) eps is its v tr H.
    """
    noisy, seen = Recording(network), []

    def inputs(rows):
        seen.append(rows)
        return images[rows]

    loss = NoisyCrossEntropy(
        noisy, head, inputs=inputs, labels=LABELS, weights=WEIGHTS, batch_size=3
    )
    variance = np.linspace(1, 2, len(noisy.sizes)) * 1e-8
    slopes = loss.sample(variance).slopes
    assert slopes.shape == (2, 3)
    own = copy.deepcopy(network).requires_grad_(False)
    weights = [m.weight.requires_grad_(True) for m in own.modules() if isinstance(m, nn.Conv2d)]
    # Each batch draws twice, first for the pair.
    for found, rows, drawn in zip(slopes, seen, noisy.drawn[::2], strict=True):
        shift = noisy.scaled(drawn, variance)
        losses = F.cross_entropy(
            head(own(images[rows])), torch.from_numpy(LABELS[rows]), reduction="none"
        )
        first = torch.autograd.grad(
            torch.from_numpy(WEIGHTS[rows]) @ losses, weights, create_graph=True
        )
        along = sum((g * s).sum() for g, s in zip(first, shift, strict=True))
        products = torch.autograd.grad(along, weights)
        expected = [float((p * s).sum()) / 2 for p, s in zip(products, shift, strict=True)]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_slopes_are_derivatives_of_the_loss_where_the_noise_is_large(network, images):
    """Against differences of `evaluate` with common random numbers."""
    noisy = NoisyCopy(network)
    variance, step = np.full(len(noisy.sizes), 0.02), 0.1
    loss = objective(noisy, images)
    looks = np.array([loss.sample(variance).slopes.sum(axis=0) for _ in range(64)])
    found, error = looks.mean(axis=0), looks.std(axis=0) / 8
    for layer in range(3):
        sides = []
        for sign in (1, -1):
            changed = variance * np.exp(sign * step * (noisy.layer == layer))
            sides.append(objective(noisy, images, evaluations=400).evaluate(changed)[0])
        difference = (sides[0] - sides[1]) / (2 * step)
        assert difference == pytest.approx(found[layer], abs=4 * error[layer] + 0.003)
    # Of one layer at least the slope is told from none.
    assert (4 * error + 0.003 < np.abs(found)).any()


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
    with pytest.raises(SettingError, match="cannot be a probe"):
        NoisyCopy(nn.ReLU())
