"""The published method against golden values and against a slow computation, in float64."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.published_method import draws_needed, published_fisher, squared_batch_gradients

GOLDEN = Path(__file__).parents[1] / "golden"


class Features(nn.Module):
    """The layers of a golden network in a row, up to its head."""

    def __init__(self, layers, arrays):
        super().__init__()
        self.layers = layers
        for layer in layers:
            if layer["op"] == "conv":
                weight = arrays[f"weights/{layer['name']}.weight"]
                bias = arrays.get(f"weights/{layer['name']}.bias")
                module = nn.Conv2d(
                    layer["in"],
                    layer["out"],
                    layer["kernel"],
                    stride=layer["stride"],
                    groups=layer["groups"],
                    bias=bias is not None,
                    dtype=torch.float64,
                )
                module.load_state_dict(
                    {"weight": weight} | ({} if bias is None else {"bias": bias})
                )
                self.add_module(layer["name"], module)

    def forward(self, x):
        for layer in self.layers:
            if layer["op"] == "conv":
                x = self.get_submodule(layer["name"])(F.pad(x, layer["pad"]))
            elif layer["op"] == "global_average_pool":
                x = x.mean(dim=(2, 3))
            elif layer["op"] != "linear":
                x = getattr(torch, layer["op"])(x) if layer["op"] != "silu" else F.silu(x)
        return x


@pytest.fixture(params=["plain", "stride_bias_1x1", "grouped", "depthwise"])
def golden(request):
    stated = json.loads((GOLDEN / "fisher_tiny.json").read_text())[request.param]
    with np.load(GOLDEN / "fisher_tiny.npz") as file:
        arrays = {
            key.partition("/")[2]: torch.from_numpy(file[key])
            for key in file.files
            if key.startswith(f"{request.param}/")
        }
    network = Features(stated["layers"], arrays).eval()
    weight, bias = arrays["weights/head.weight"], arrays["weights/head.bias"]
    return stated, network, lambda features: F.linear(features, weight, bias), arrays["input"]


def test_its_expectation_over_all_labels_is_the_golden_fisher(golden):
    stated, network, head, images = golden
    total = 0
    for first in range(0, len(images), 2):
        logits = head(network(images[first : first + 2]))
        p = logits.detach().softmax(dim=1).numpy()
        for labels in product(range(stated["classes"]), repeat=2):
            found = squared_batch_gradients(
                network, logits, torch.tensor(labels), retain_graph=True
            )
            total += p[0, labels[0]] * p[1, labels[1]] * found / len(images)
    expected = np.array(stated["embedding"])
    np.testing.assert_allclose(total, expected, rtol=1e-11, atol=1e-14 * expected.max())


def test_its_batches_are_the_squared_sums_of_gradients_image_by_image(golden):
    stated, network, head, images = golden
    labels = torch.arange(len(images)) % stated["classes"]
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d)]
    sums = [torch.zeros_like(kernel) for kernel in kernels]
    for image, label in zip(images, labels, strict=True):
        log_p = head(network(image[None])).log_softmax(dim=1)[0, label]
        for held, gradient in zip(sums, torch.autograd.grad(log_p, kernels), strict=True):
            held += gradient
    expected = [float(filter.square().mean()) for held in sums for filter in held]
    found = squared_batch_gradients(network, head(network(images)), labels)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-25)


def test_many_draws_come_near_the_golden_fisher(golden):
    stated, network, head, images = golden
    found = published_fisher(network, head, [images[:4], images[4:]], draws=100, seed=0)
    expected = np.array(stated["embedding"])
    assert found.shape == (100, len(expected))
    assert abs(found[-1] - expected).sum() < 0.5 * expected.sum()
    assert abs(found[-1] - expected).sum() < abs(found[0] - expected).sum()


def test_its_number_of_draws_is_read_from_the_curve():
    distances = {1: 0.4, 2: 0.2, 4: 0.1}
    assert draws_needed(distances, 0.2) == (pytest.approx(2), False)
    assert draws_needed(distances, 0.2 / 2**0.5) == (pytest.approx(8**0.5), False)
    assert draws_needed(distances, 0.01) == (pytest.approx(40), True)


def test_agreement_of_a_few_draws_on_the_likeliest_labels_does_not_count():
    distances = {1: 0.0, 2: 0.01, 4: 0.4, 8: 0.2}
    assert draws_needed(distances, 0.2) == (pytest.approx(8), False)
    assert draws_needed(distances, 0.05) == (pytest.approx(32), True)
