import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from task2vec.fisher.logit_root import root_times
from task2vec.types import Likelihood

some_logits = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(2, 6)), elements=st.floats(-8, 8)
)


def root(logits: torch.Tensor, likelihood: Likelihood) -> torch.Tensor:
    """Return (N, C, C): S, column by column."""
    basis = torch.eye(logits.shape[1], dtype=logits.dtype)[:, None].expand(-1, len(logits), -1)
    return root_times(logits, basis, likelihood).permute(1, 2, 0)


# Loading torch's kernels takes the first example long.
@settings(deadline=None)
@given(some_logits)
def test_root_of_a_softmax(given_logits):
    logits = torch.from_numpy(given_logits)
    S = root(logits, Likelihood.CATEGORICAL)
    p = logits.softmax(dim=1)
    expected = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    torch.testing.assert_close(S @ S.mT, expected, rtol=1e-12, atol=1e-15)


@settings(deadline=None)
@given(some_logits)
def test_root_of_independent_labels(given_logits):
    logits = torch.from_numpy(given_logits)
    S = root(logits, Likelihood.BERNOULLI)
    p = logits.sigmoid()
    torch.testing.assert_close(S @ S.mT, torch.diag_embed(p * (1 - p)), rtol=1e-10, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_its_digits_where_the_head_is_certain(dtype):
    logits = torch.tensor([[20.0, 0.0, -1.0]], dtype=dtype)
    S = root(logits, Likelihood.CATEGORICAL)
    # 1 - p of the first class is the sum of the others, which does not cancel.
    q = logits.double().softmax(dim=1)[0]
    certain = q[0] * (q[1] + q[2])
    found = S.square().sum(dim=2)[0].double()
    tolerance = 20 * torch.finfo(dtype).eps
    torch.testing.assert_close(found[0], certain, rtol=tolerance, atol=0)
    torch.testing.assert_close(found[1], q[1] * (1 - q[1]), rtol=tolerance, atol=0)


@pytest.mark.parametrize("sign", [-1, 1])
def test_independent_labels_keep_their_digits(sign):
    logits = torch.tensor([[sign * 30.0]])
    found = root(logits, Likelihood.BERNOULLI).square()[0, 0, 0].double()
    torch.testing.assert_close(found.item(), np.exp(-30.0), rtol=1e-5, atol=0)
