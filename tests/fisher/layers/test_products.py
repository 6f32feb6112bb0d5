"""Both ways of forming the products, on shapes that choose each."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from task2vec.fisher.layers import products
from task2vec.fisher.layers.products import gram_is_cheaper, squared_products

sizes = st.integers(1, 7)


# The first call imports more of torch.
@settings(deadline=None)
@given(st.integers(1, 3), sizes, sizes, sizes, st.integers(0, 2**31))
def test_products_of_any_shape(images, outputs, weights, positions, seed):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(images, positions, weights, generator=generator).double()
    G = torch.randn(images, positions, outputs, generator=generator).double()
    expected = torch.einsum("ntk,nto->nok", X, G).square().sum(dim=2)
    memo = []
    torch.testing.assert_close(squared_products(X, G, memo), expected, rtol=1e-10, atol=1e-12)
    assert bool(memo) == gram_is_cheaper(positions, weights, outputs)
    # Other gradients of the same inputs find the Gram matrices there.
    torch.testing.assert_close(squared_products(X, -2 * G, memo), 4 * expected)


def test_the_smaller_work_is_chosen():
    assert gram_is_cheaper(4, 100, 100)
    assert not gram_is_cheaper(100, 10, 10)


def test_few_images_at_once(monkeypatch):
    torch.manual_seed(0)
    X, G = torch.randn(5, 9, 3).double(), torch.randn(5, 9, 4).double()
    whole = squared_products(X, G, [])
    monkeypatch.setattr(products, "_FORMED_BYTES", 1)
    torch.testing.assert_close(squared_products(X, G, []), whole, rtol=1e-12, atol=0)


@pytest.mark.parametrize("positions", [2, 50])
def test_no_square_is_negative(positions):
    # Gradients orthogonal to the inputs: rounding alone decides the sign.
    torch.manual_seed(0)
    direction = torch.randn(positions)
    X = direction[:, None] * torch.randn(1, 1, 40)
    G = torch.randn(1, positions, 30)
    G -= direction[:, None] * (direction @ G)[:, None] / direction.square().sum()
    squares = squared_products(X, G, [])
    assert (squares >= 0).all()
    assert squares.max() < 1e-6
