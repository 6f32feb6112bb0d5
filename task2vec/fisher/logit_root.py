"""The square root S of the Fisher information of the logits, applied without forming it."""

from torch import Tensor

from task2vec.types import Likelihood


def root_times(logits: Tensor, vectors: Tensor, likelihood: Likelihood) -> Tensor:
    """Return ``S v`` for each vector, where ``S S^T`` is the Fisher information of the logits.

    ``logits`` is (N, C), ``vectors`` (..., N, C); the result has the shape of ``vectors``.

    For a softmax ``G = diag(p) - p p^T`` has the root ``S = diag(sqrt p) - p sqrt(p)^T``: with
    ``r = sqrt p``, ``|r| = 1``, ``S S^T = diag(p) - p p^T - p p^T + p (r^T r) p^T = G``. Forming
    G itself loses five digits where p is near 1; S does not. Independent labels have
    ``S = diag(sqrt(p (1 - p)))``, the logistic function's derivative.
    """
    if likelihood is Likelihood.BERNOULLI:
        # sigmoid(x) sigmoid(-x) keeps its digits where 1 - p would round to 0.
        return (logits.sigmoid() * (-logits).sigmoid()).sqrt() * vectors
    p = logits.softmax(dim=-1)
    r = p.sqrt()
    return r * vectors - p * (r * vectors).sum(dim=-1, keepdim=True)
