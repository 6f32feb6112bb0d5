"""The trunk of an ONNX file as a torch network: what it computes up to one of its tensors.

A file of ONNX is data, not code. Only the kinds of nodes that trunks of convolutions have are known
here; shapes computed from shapes, attention and recurrence are not.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

Attributes = Mapping[str, Any]


class OnnxTrunk(nn.Module):
    """A part of an ONNX graph, (N, C, H, W) -> (N, D): its last feature map, averaged over places.

    ``start`` and ``end`` name the tensors that it begins with, a batch of images, and ends with, a
    map of D channels. Convolutions become torch's own, so that they can be trained and embedded by.
    Raises `NotImplementedError` for a kind of node that is not known here, `KeyError` for a name
    that the graph lacks.
    """

    def __init__(self, file: Path, *, start: str, end: str) -> None:
        super().__init__()
        graph = onnx.load(str(file)).graph
        self._start, self._end = start, end
        self._nodes = list(_needed(graph, start, end))
        known = dict(_constants(graph))
        self.convolutions = nn.ModuleList()
        self._names: list[str] = []
        for node in self._nodes:
            if node.op_type not in (*_OPERATIONS, "Conv"):
                raise NotImplementedError(f"no operation {node.op_type} here: {node.output[0]}")
            if node.op_type == "Conv":
                # All of its inputs but the first are its own weights.
                self.convolutions.append(_convolution(node, known))
                continue
            for name in node.input:
                if name in known and name not in self._names:
                    self._names.append(name)
                    # The names in a file have dots and slashes.
                    self.register_buffer(f"constant_{len(self._names)}", known[name])

    def forward(self, images: Tensor) -> Tensor:
        """Return the (N, D) features of (N, C, H, W) images."""
        tensors: dict[str, Tensor] = {
            name: self.get_buffer(f"constant_{number}")
            for number, name in enumerate(self._names, start=1)
        }
        tensors[self._start] = images
        convolutions = iter(self.convolutions)
        for node in self._nodes:
            if node.op_type == "Conv":
                found = next(convolutions)(tensors[node.input[0]])
            else:
                inputs = [tensors[name] for name in node.input if name]
                found = _OPERATIONS[node.op_type](_attributes(node), *inputs)
            tensors[node.output[0]] = found
        return tensors[self._end].mean(dim=(2, 3))


def _needed(graph: onnx.GraphProto, start: str, end: str) -> Iterator[onnx.NodeProto]:
    """Yield the nodes between two tensors, in the order of the graph, constants left out."""
    makers = {name: node for node in graph.node for name in node.output}
    given = {start, "", *(tensor.name for tensor in graph.initializer)}
    wanted, left = set(), [end]
    while left:
        name = left.pop()
        if name in given:
            continue
        given.add(name)
        node = makers[name]
        if node.op_type != "Constant":
            wanted.add(node.output[0])
            left.extend(node.input)
    return (node for node in graph.node if node.output and node.output[0] in wanted)


def _constants(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    tensors |= {
        node.output[0]: _attributes(node)["value"]
        for node in graph.node
        if node.op_type == "Constant"
    }
    for name, tensor in tensors.items():
        yield name, torch.from_numpy(np.array(numpy_helper.to_array(tensor)))


def _convolution(node: onnx.NodeProto, known: Mapping[str, Tensor]) -> nn.Module:
    attributes = _attributes(node)
    weight = known[node.input[1]]
    bias = known[node.input[2]] if len(node.input) > 2 else None
    groups = attributes.get("group", 1)
    layer = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        (weight.shape[2], weight.shape[3]),
        stride=attributes.get("strides", (1, 1)),
        padding=_padding(attributes),
        dilation=attributes.get("dilations", (1, 1)),
        groups=groups,
        bias=bias is not None,
    )
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None:
            assert bias is not None
            layer.bias.copy_(bias)
    return layer


def _padding(attributes: Attributes) -> tuple[int, int]:
    """Return the padding of both sides of height and width."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if (top, left) != (bottom, right) or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise NotImplementedError(f"no uneven padding of convolutions here: {attributes}")
    return top, left


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}


def _max_pool(attributes: Attributes, images: Tensor) -> Tensor:
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    padded = functional.pad(images, (left, right, top, bottom), value=float("-inf"))
    found: Tensor = functional.max_pool2d(padded, attributes["kernel_shape"], attributes["strides"])
    return found


def _batch_norm(attributes: Attributes, images: Tensor, *of_channel: Tensor) -> Tensor:
    scale, offset, mean, variance = of_channel
    epsilon = attributes.get("epsilon", 1e-5)
    found: Tensor = functional.batch_norm(images, mean, variance, scale, offset, eps=epsilon)
    return found


def _hard_sigmoid(attributes: Attributes, x: Tensor) -> Tensor:
    slope, offset = float(attributes.get("alpha", 0.2)), float(attributes.get("beta", 0.5))
    return (slope * x + offset).clamp(0, 1)


#: What each kind of node computes: https://onnx.ai/onnx/operators.
_OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "Add": lambda _, a, b: a + b,
    "BatchNormalization": _batch_norm,
    "Clip": lambda _, x, least, most: torch.clamp(x, least, most),
    "Div": lambda _, a, b: a / b,
    "GlobalAveragePool": lambda _, x: x.mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "MaxPool": _max_pool,
    "Mul": lambda _, a, b: a * b,
    "Relu": lambda _, x: torch.relu(x),
    "Sigmoid": lambda _, x: torch.sigmoid(x),
}
