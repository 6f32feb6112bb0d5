"""Sketches of gradients against those that autograd forms image by image."""

import numpy as np
import pytest
import torch
from torch import nn

from research.scores.gradients import CLASSIFIERS, sketch_gradients
from task2vec.errors import SettingError


class Stage(nn.Module):
    """A pointwise, a strided depthwise and a dense convolution, with norms, pooled."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU6(inplace=True),
            nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 6, 3, padding=(2, 1), dilation=(2, 1)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )

    def forward(self, x):
        return self.layers(x)


@pytest.fixture
def stage():
    torch.manual_seed(0)
    return Stage().eval()


@pytest.fixture
def inputs():
    return torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def kernel_by_autograd(stage, inputs):
    """Return the mean over all sign vectors a, of norm 1, of the inner products of gradients.

    The mean of a a^T is I / D, so it is the sum over the features, divided by their number.
    """
    weights = [m.weight for m in stage.modules() if isinstance(m, nn.Conv2d)]
    total = 0.0
    features = stage(inputs)
    for feature in range(features.shape[1]):
        rows = []
        for image in range(len(inputs)):
            value = features[image, feature]
            grads = torch.autograd.grad(value, weights, retain_graph=True)
            rows.append(torch.cat([g.flatten() for g in grads]))
        G = torch.stack(rows)
        total = total + G @ G.T / features.shape[1]
    return total.numpy()


def test_inner_products_of_sketches_are_unbiased(stage, inputs):
    exact = kernel_by_autograd(stage, inputs)
    kernels = []
    for seed in range(200):
        sketch = sketch_gradients(stage, inputs, seed=seed, side=8)
        assert sketch.shape == (5, 64 * CLASSIFIERS)
        kernels.append(sketch @ sketch.T)
    error = np.std(kernels, axis=0) / np.sqrt(len(kernels))
    assert (np.abs(np.mean(kernels, axis=0) - exact) < 4 * error + 1e-6).all()
    # The errors are small enough for that to say something.
    assert (error < 0.1 * np.abs(exact).max()).all()


def test_an_image_has_the_sketch_that_it_has_alone(stage, inputs):
    together = sketch_gradients(stage, inputs, seed=3)
    alone = [sketch_gradients(stage, image[None], seed=3)[0] for image in inputs]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-5)


def test_batches_are_projected_alike(stage, inputs):
    many = sketch_gradients(stage, inputs.repeat(9, 1, 1, 1), seed=3)
    np.testing.assert_allclose(many[40:], many[:5], rtol=1e-3, atol=1e-5)


def test_weights_are_left_without_gradients(stage, inputs):
    sketch_gradients(stage, inputs)
    assert all(parameter.grad is None for parameter in stage.parameters())
    assert not any(module._forward_hooks for module in stage.modules())


def test_frozen_weights_have_gradients_all_the_same(stage, inputs):
    expected = sketch_gradients(stage, inputs)
    stage.requires_grad_(False)
    np.testing.assert_array_equal(sketch_gradients(stage, inputs), expected)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 1)), "expected evaluation mode"),
        (lambda: nn.Sequential(nn.ReLU()).eval(), "no weights to sketch"),
        (lambda: nn.Sequential(nn.Conv2d(4, 4, 1, groups=2)).eval(), "of another kind"),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3, padding="same")).eval(), "of another kind"),
    ],
    ids=["training", "nothing", "grouped", "same"],
)
def test_stages_that_it_cannot_sketch_are_refused(made, message, inputs):
    with pytest.raises(SettingError, match=message):
        sketch_gradients(made(), inputs)
