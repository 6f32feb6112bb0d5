"""Each way of having a convolution's squares, against the gradients themselves."""

import pytest
import torch
import torch.nn.functional as F

from task2vec.fisher.layers import convolution, dense
from task2vec.fisher.layers.convolution import squared_filter_gradients
from task2vec.fisher.layers.geometry import Geometry

GEOMETRIES = {
    "plain": Geometry((3, 3)),
    "padded": Geometry((3, 3), padding=(1, 2)),
    "strided": Geometry((2, 3), (2, 3), (1, 0)),
    "dilated": Geometry((3, 2), dilation=(2, 3)),
    "all": Geometry((2, 2), (3, 2), (1, 1), (1, 3)),
    "pointwise": Geometry((1, 1), (2, 1), (0, 1)),
    "one position": Geometry((9, 8)),
}


def by_autograd(inputs, gradients, geometry):
    """Return the squares by differentiating a convolution's weight, image by image."""
    g, filters = geometry, gradients.shape[1]
    shape = (filters, inputs.shape[1] // g.groups, *g.kernel)
    rows = []
    for x, told in zip(inputs, gradients, strict=True):
        weight = torch.zeros(shape, dtype=inputs.dtype, requires_grad=True)
        y = F.conv2d(x[None], weight, None, g.stride, g.padding, g.dilation, g.groups)
        (found,) = torch.autograd.grad(y, weight, told[None])
        rows.append(found.square().sum(dim=(1, 2, 3)))
    return torch.stack(rows)


def example(geometry, *, channels=4, filters=6, groups=1, dtype=torch.float64, last=False):
    torch.manual_seed(1)
    inputs = torch.randn(3, channels, 9, 8, dtype=dtype)
    geometry = Geometry(
        geometry.kernel, geometry.stride, geometry.padding, geometry.dilation, groups
    )
    like = F.conv2d(
        inputs,
        torch.zeros(filters, channels // groups, *geometry.kernel, dtype=dtype),
        None,
        geometry.stride,
        geometry.padding,
        geometry.dilation,
        groups,
    )
    gradients = torch.randn_like(like)
    if last:
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        gradients = gradients.contiguous(memory_format=torch.channels_last)
    return inputs, gradients, geometry


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last"])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_convolution(geometry, groups, last):
    given = example(geometry, filters=8, groups=groups, last=last)
    found = squared_filter_gradients(*given, [])
    torch.testing.assert_close(found, by_autograd(*given), rtol=1e-11, atol=1e-12)


WAYS = {
    "library": convolution._by_library,
    "correlation": convolution._by_correlation,
    "positions": convolution._by_position,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("filters", [4, 12])
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_every_way_of_a_depthwise_convolution(geometry, filters, way):
    inputs, gradients, geometry = example(geometry, filters=filters, groups=4)
    found = way(geometry.pad(inputs), gradients, geometry)
    expected = by_autograd(inputs, gradients, geometry)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kernel", [3, 5])
def test_depthwise_in_single_precision(kernel):
    given = example(
        Geometry((kernel, kernel), padding=(1, 1)), filters=4, groups=4, dtype=torch.float32
    )
    inputs, gradients, geometry = given
    expected = by_autograd(inputs.double(), gradients.double(), geometry)
    found = squared_filter_gradients(*given, []).double()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("cache", [1, 2**20], ids=["one by one", "together"])
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_gram_matrix_without_unfolding(geometry, cache, monkeypatch):
    monkeypatch.setattr(dense, "_GRAM_BYTES", cache)
    inputs, gradients, geometry = example(geometry)
    padded = geometry.pad(inputs)
    unfolded = dense._unfold(padded, gradients, geometry)
    expected = unfolded @ unfolded.transpose(1, 2)
    kept = []
    found = torch.cat(list(dense._shifted_grams(padded, gradients, geometry, kept=kept)))
    assert torch.equal(torch.cat(kept), found)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("channels", "filters", "size"), [(3, 4, 9), (40, 4, 5), (40, 60, 4)], ids=str
)
def test_dense_by_each_form(channels, filters, size, monkeypatch):
    """Shapes for which products, unfolded Gram matrix and shifted one are each the smallest."""
    torch.manual_seed(2)
    inputs = torch.randn(2, channels, size, size).double()
    geometry = Geometry((3, 3), padding=(1, 1))
    gradients = torch.randn(2, filters, size, size).double()
    shifted = []
    monkeypatch.setattr(
        dense,
        "_shifted_grams",
        lambda *given, real=dense._shifted_grams, **kept: shifted.append(1) or real(*given, **kept),
    )
    found = squared_filter_gradients(inputs, gradients, geometry, [])
    expected = by_autograd(inputs, gradients, geometry)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
    assert bool(shifted) == (channels == 40 and filters == 60)


def test_a_rest_that_the_stride_leaves_unseen():
    # Stride 3 on 8 pixels with a kernel of 2 never looks at the last column and row.
    torch.manual_seed(0)
    inputs, gradients = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 3, 3)
    changed = inputs.clone()
    changed[:, :, [2, 5]] = 100.0
    changed[:, :, :, [2, 5]] = 100.0
    for groups in (1, 2, 4):
        geometry = Geometry((2, 2), (3, 3), groups=groups)
        found = squared_filter_gradients(inputs, gradients, geometry, [])
        assert torch.equal(squared_filter_gradients(changed, gradients, geometry, []), found)


def test_a_single_position_is_not_correlated(monkeypatch):
    # The library is slow at kernels of one number.
    monkeypatch.setattr(convolution, "_by_correlation", None)
    given = example(Geometry((9, 8)), groups=4, filters=4)
    found = squared_filter_gradients(*given, [])
    torch.testing.assert_close(found, by_autograd(*given), rtol=1e-11, atol=1e-12)
