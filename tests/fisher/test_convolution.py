"""Both ways of forming the products, on shapes that choose each."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from task2vec.fisher.convolution import Geometry, _products, squared_filter_gradients

sizes = st.integers(1, 7)


@given(st.integers(1, 3), st.integers(1, 3), sizes, sizes, sizes, st.integers(0, 2**31))
def test_products_of_any_shape(images, groups, outputs, weights, positions, seed):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(images, groups, weights, positions, generator=generator).double()
    G = torch.randn(images, groups, outputs, positions, generator=generator).double()
    expected = torch.einsum("ngkt,ngot->ngok", X, G).square().sum(dim=3).flatten(1)
    found = _products(X.flatten(1, 2), G.flatten(1, 2), groups)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("positions", [2, 50])
def test_no_square_is_negative(positions):
    # Gradients orthogonal to the inputs: rounding alone decides the sign.
    torch.manual_seed(0)
    direction = torch.randn(positions)
    X = torch.randn(1, 40, 1) * direction
    G = torch.randn(1, 30, positions)
    G -= (G @ direction)[..., None] * direction / direction.square().sum()
    squares = _products(X, G, 1)
    assert (squares >= 0).all()
    assert squares.max() < 1e-6


def test_a_rest_that_the_stride_leaves_unseen():
    # Stride 3 on 8 pixels with a kernel of 2 never looks at the last column and row.
    torch.manual_seed(0)
    inputs, gradients = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 3, 3)
    changed = inputs.clone()
    changed[:, :, [2, 5]] = 100.0
    changed[:, :, :, [2, 5]] = 100.0
    for groups in (1, 2, 4):
        geometry = Geometry((2, 2), (3, 3), (1, 1), groups)
        found = squared_filter_gradients(inputs, gradients, geometry)
        assert torch.equal(squared_filter_gradients(changed, gradients, geometry), found)
