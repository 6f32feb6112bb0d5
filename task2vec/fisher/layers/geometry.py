"""The shape of a convolution as it was called."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """``padding`` is of zeros, equal on opposite sides; ``output_padding`` of transposed ones."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    transposed: bool = False
    output_padding: Pair = (0, 0)

    @property
    def area(self) -> int:
        """The number of a kernel's positions."""
        return self.kernel[0] * self.kernel[1]

    def offsets(self) -> Iterator[Pair]:
        """Yield the positions of a kernel."""
        return product(range(self.kernel[0]), range(self.kernel[1]))

    def convolve(self, inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return the convolution of (N, C, H, W) inputs."""
        return torch.convolution(
            inputs,
            weight,
            bias,
            self.stride,
            self.padding,
            self.dilation,
            self.transposed,
            self.output_padding,
            self.groups,
        )

    def backward(
        self, sent: Tensor, inputs: Tensor, weight: Tensor, *, wanted: tuple[bool, bool, bool]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return those ``wanted`` of the gradients of inputs, weight and bias."""
        gradients: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
            sent,
            inputs,
            weight,
            None,
            self.stride,
            self.padding,
            self.dilation,
            self.transposed,
            self.output_padding,
            self.groups,
            wanted,
        )
        return gradients

    def pad(self, inputs: Tensor) -> Tensor:
        """Return (N, C, H, W) inputs with the zeros around them that the kernel sees."""
        vertical, horizontal = self.padding
        if not vertical and not horizontal:
            return inputs
        return F.pad(inputs, (horizontal, horizontal, vertical, vertical))

    def seen(self, padded: Tensor, offset: Pair, positions: Pair) -> Tensor:
        """Return the part of padded (N, ..., H, W) inputs that one kernel position sees.

        ``offset`` is the position in the kernel, ``positions`` the output's height and width.
        """
        y, x = (o * d for o, d in zip(offset, self.dilation, strict=True))
        (sy, sx), (height, width) = self.stride, positions
        return padded[..., y : y + sy * (height - 1) + 1 : sy, x : x + sx * (width - 1) + 1 : sx]
