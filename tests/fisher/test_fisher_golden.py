"""Against Fisher information that was computed independently of this package."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import Estimator, Likelihood

FOLDER = Path(__file__).parents[1] / "golden"
NETWORKS = json.loads((FOLDER / "fisher_tiny.json").read_text())


@pytest.fixture(scope="module")
def arrays():
    with np.load(FOLDER / "fisher_tiny.npz") as file:
        return {key: torch.from_numpy(file[key]) for key in file.files}


class GoldenNetwork(nn.Module):
    """The layers of one network as the JSON file lists them, up to the final linear layer."""

    def __init__(self, layers, weights):
        super().__init__()
        self.layers = [layer for layer in layers if layer["op"] != "linear"]
        for layer in self.layers:
            name = layer.get("name")
            if layer["op"] == "conv":
                module = nn.Conv2d(
                    layer["in"],
                    layer["out"],
                    layer["kernel"],
                    stride=layer["stride"],
                    dilation=layer["dilation"],
                    groups=layer["groups"],
                    bias=layer["bias"],
                )
            elif layer["op"] == "batchnorm":
                module = nn.BatchNorm2d(len(weights[f"{name}.weight"]), eps=layer["eps"])
                module.running_mean = weights[f"{name}.mean"].clone()
                module.running_var = weights[f"{name}.var"].clone()
            else:
                continue
            module.weight.data = weights[f"{name}.weight"].clone()
            if module.bias is not None:
                module.bias.data = weights[f"{name}.bias"].clone()
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Tensor:
        kept = {}
        for layer in self.layers:
            match layer["op"]:
                case "conv":
                    x = self.get_submodule(layer["name"])(F.pad(x, layer["pad"]))
                case "batchnorm":
                    x = self.get_submodule(layer["name"])(x)
                case "save":
                    kept[layer["slot"]] = x
                case "add":
                    x = x + kept[layer["slot"]]
                case "global_average_pool":
                    x = x.mean(dim=(2, 3))
                case function:
                    x = getattr(torch.nn.functional, function)(x)
        return x


@pytest.fixture(params=NETWORKS)
def golden(request, arrays):
    """A network, its head, its images, and what they should give."""
    start = f"{request.param}/"
    own = {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
    weights = {k.removeprefix("weights/"): v for k, v in own.items() if k.startswith("weights/")}
    stated = NETWORKS[request.param]
    network = GoldenNetwork(stated["layers"], weights).eval()
    (linear,) = (layer["name"] for layer in stated["layers"] if layer["op"] == "linear")

    def head(features):
        return F.linear(features, weights[f"{linear}.weight"], weights[f"{linear}.bias"])

    return stated, network, head, own


def per_image(golden, estimator, **more):
    """Return the Fisher information of each image by one draw of an estimator."""
    stated, network, head, own = golden
    model = LabelModel(
        images=len(own["input"]),
        classes=stated["classes"],
        likelihood=Likelihood(stated["head"]),
        labels=own["labels"].long().numpy(),
    )
    noise = draw_noise(estimator, model, **{"draws": 1, "seed": 0, **more})
    return PerImageFisher(network)(own["input"], head, lambda found: noise.cotangents(found, 0))


def check(found, expected):
    assert found.shape[1:] == expected.shape
    np.testing.assert_allclose(found.mean(dim=0), expected, rtol=1e-11, atol=1e-14 * expected.max())


def test_exact_fisher(golden):
    stated, network, head, own = golden
    logits = head(network(own["input"]))
    torch.testing.assert_close(logits, own["logits"], rtol=1e-12, atol=1e-14)
    check(per_image(golden, Estimator.EXACT), np.array(stated["embedding"]))


def test_empirical_fisher(golden):
    stated, _, _, own = golden
    convolutions = [layer["name"] for layer in stated["layers"] if layer["op"] == "conv"]
    # In the order of the layers, as the embedding is.
    expected = np.concatenate([own[f"filter_empirical/{name}.weight"] for name in convolutions])
    check(per_image(golden, Estimator.EMPIRICAL), expected)
    assert not np.allclose(expected, stated["embedding"], rtol=0.01)


@pytest.mark.parametrize("golden", ["dead_filter", "depthwise"], indirect=True)
def test_dead_filter_is_exactly_zero(golden):
    zero = np.array(golden[0]["embedding"]) == 0
    assert zero.sum() == 1
    found = per_image(golden, Estimator.RADEMACHER, draws=3).numpy()
    assert (found[:, zero] == 0).all()
    assert (found[:, ~zero].max(axis=0) > 0).all()
