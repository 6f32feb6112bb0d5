"""Directions of the labels that the head's features feel apart: a root that needs few draws.

Let ``S S^T = G`` be the Fisher information of the logits of one image, J the Jacobian of the logits
by one filter's weights, and ``A = S^T J J^T S`` (C x C), whose trace is what is sought. Signs e,
independent with mean 0, give ``e^T A e = tr A + sum_{k != l} e_k e_l A_kl``: unbiased, with
variance ``2 sum_{k != l} A_kl^2`` (Hutchinson 1990).

Any orthogonal V makes another root, ``(S V)(S V)^T = G``, of the same trace and of smaller variance
the nearer V comes to diagonalising A. Each filter has an A of its own, but all filters are seen
through the features: ``J = W K``, with the head's weights W and the Jacobian K of the features.
Were ``K K^T`` proportional to the identity, A would be so to ``S^T W W^T S``, whose eigenvectors
are known from the logits alone. V is made of them. Two columns of S V then pull the features in
orthogonal directions, and further back their gradients overlap little. Whatever V is, nothing is
biased.

With several draws per image, the columns are dealt to R groups, and each is sent back in the one
draw of its group, ``sum_{k in group} e_k S v_k``. Pairs of different groups drop out of the
variance; its expectation for features as above is least when the groups' sums of eigenvalues are
even, since ``sum_{k != l in group} lambda_k lambda_l = (sum lambda)^2 - sum lambda^2``. One column
a group leaves no variance: the rank of S, which is C - 1 for a softmax, is the number of draws that
is exact.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from task2vec.fisher.logit_root import root_times
from task2vec.types import Likelihood

#: Columns that are turned, those of most energy: all that matter, at a cost that C does not raise.
TURNED = 32


def draws_that_are_exact(classes: int, likelihood: Likelihood) -> int:
    """Return the number of draws that leaves nothing to chance."""
    spare = likelihood is Likelihood.CATEGORICAL and classes <= TURNED
    return classes - 1 if spare else classes


def principal_cotangents(
    logits: Tensor,
    signs: Tensor,
    *,
    gram: Tensor,
    likelihood: Likelihood,
    draws: int,
    scale: Tensor,
) -> Tensor:
    """Return (R, N, C): for each draw the sum of its columns of S V, times their signs.

    ``logits`` and ``signs`` are (N, C), ``gram`` is ``W W^T`` (C, C), R = ``draws``. ``scale`` (N,
    C) multiplies the rows of S (1 for a softmax, of which it would not be a root any more).

    The work is done in float64 on the CPU, so that the basis is the same on every device; of
    eigenvectors, v and -v, the one is taken that leans to a fixed direction.
    """
    place = logits
    logits, signs, gram, scale = (t.to("cpu", torch.float64) for t in (logits, signs, gram, scale))
    root_gram = _RootGram.of(logits, gram, likelihood, scale)
    energies = root_gram.diagonal()
    turned = min(logits.shape[1], TURNED)
    most = energies.topk(turned, dim=1).indices
    # Logits that are not finite have no basis, and show in what is sent back whatever it is.
    eigenvalues, V = torch.linalg.eigh(root_gram.block(most).nan_to_num())
    lean = torch.cos(torch.arange(1.0, turned + 1, dtype=torch.float64))
    V = V * torch.where(torch.einsum("nkj,k->nj", V, lean) < 0, -1.0, 1.0)[:, None, :]
    energies = energies.scatter(1, most, eigenvalues)
    groups = _dealt(energies, draws)
    found = []
    for group in range(draws):
        vectors = signs * (groups == group)
        chosen = vectors.gather(1, most)
        vectors = vectors.scatter(1, most, torch.einsum("nkj,nj->nk", V, chosen))
        found.append(scale * root_times(logits, vectors, likelihood))
    return torch.stack(found).to(place)


@dataclass(frozen=True)
class _RootGram:
    """``S^T W W^T S`` of N images, which is not formed: C may be large.

    With ``r = sqrt p`` and ``m = W W^T p``, a softmax has the elements
    ``r_k r_l (gram_kl - m_k - m_l + p^T m)``. Independent labels have ``s_k s_l gram_kl``.
    """

    factors: Tensor
    gram: Tensor
    mean: Tensor
    square: Tensor

    @classmethod
    def of(cls, logits: Tensor, gram: Tensor, likelihood: Likelihood, scale: Tensor) -> "_RootGram":
        if likelihood is Likelihood.BERNOULLI:
            factors = scale * root_times(logits, torch.ones_like(logits), likelihood)
            return cls(factors, gram, torch.zeros_like(logits), torch.zeros_like(logits[:, :1]))
        p = logits.softmax(dim=1)
        mean = p @ gram
        return cls(p.sqrt(), gram, mean, (p * mean).sum(dim=1, keepdim=True))

    def diagonal(self) -> Tensor:
        """Return (N, C)."""
        return self.factors.square() * (self.gram.diagonal() - 2 * self.mean + self.square)

    def block(self, chosen: Tensor) -> Tensor:
        """Return (N, K, K), the rows and columns ``chosen`` (N, K)."""
        r, m = self.factors.gather(1, chosen), self.mean.gather(1, chosen)
        inner = self.gram[chosen[:, :, None], chosen[:, None, :]]
        centred = inner - m[:, :, None] - m[:, None, :] + self.square[:, :, None]
        return r[:, :, None] * centred * r[:, None, :]


def _dealt(energies: Tensor, groups: int) -> Tensor:
    """Return (N, C) group numbers: each column, the largest first, goes to the smallest group."""
    dealt = torch.zeros(energies.shape, dtype=torch.int64)
    if groups == 1:
        return dealt
    sums = torch.zeros(len(energies), groups, dtype=energies.dtype)
    ordered, order = energies.sort(dim=1, descending=True)
    for rank in range(energies.shape[1]):
        # Rounding leaves energies of 0 a little above or below it: they must find empty groups too.
        smallest = sums.argmin(dim=1, keepdim=True)
        sums.scatter_add_(1, smallest, ordered[:, rank : rank + 1].clamp(min=0) + 1e-300)
        dealt.scatter_(1, order[:, rank : rank + 1], smallest)
    return dealt
