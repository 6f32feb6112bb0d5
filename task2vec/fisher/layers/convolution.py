"""The squared weight gradients of a 2-D convolution: which way to take for which kind."""

from torch import Tensor

from task2vec.fisher.layers.dense import squared_dense
from task2vec.fisher.layers.depthwise import squared_depthwise
from task2vec.fisher.layers.geometry import Geometry
from task2vec.fisher.layers.products import Memo, squared_products
from task2vec.fisher.layers.transposed import squared_transposed


def squared_filter_gradients(
    inputs: Tensor, gradients: Tensor, geometry: Geometry, memo: Memo
) -> Tensor:
    """Return (N, O): for each image and filter, the sum of its squared weight gradients.

    ``inputs`` is the convolution's input (N, I, H, W), ``gradients`` (N, O, H', W') the gradient of
    some scalar with respect to its output.
    """
    if geometry.transposed:
        return squared_transposed(inputs, gradients, geometry)
    if geometry.kernel == (1, 1):
        return _pointwise(inputs, gradients, geometry, memo)
    if geometry.groups == inputs.shape[1]:
        return squared_depthwise(geometry.pad(inputs), gradients, geometry)
    if geometry.groups == 1:
        return squared_dense(geometry.pad(inputs), gradients, geometry, memo)
    # Groups are dense convolutions of their own, which the batch can hold side by side.
    alone = by_group(inputs, geometry.groups)
    squares = squared_dense(
        geometry.pad(alone), by_group(gradients, geometry.groups), geometry, memo
    )
    return squares.reshape(len(inputs), -1)


def by_group(maps: Tensor, groups: int) -> Tensor:
    """Return (N, C, H, W) maps as (N * groups, C / groups, H, W)."""
    return maps.reshape(-1, maps.shape[1] // groups, *maps.shape[2:])


def _pointwise(inputs: Tensor, gradients: Tensor, geometry: Geometry, memo: Memo) -> Tensor:
    positions = (gradients.shape[2], gradients.shape[3])
    seen = geometry.seen(geometry.pad(inputs), (0, 0), positions)
    seen, told = by_group(seen, geometry.groups), by_group(gradients, geometry.groups)
    squares = squared_products(
        seen.flatten(2).transpose(1, 2), told.flatten(2).transpose(1, 2), memo
    )
    return squares.reshape(len(inputs), -1)
