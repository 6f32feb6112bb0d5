"""Which gradients of the logits to send back so that their squares average to the Fisher.

Every estimator yields R cotangents per image; the image's diagonal Fisher information is the *sum*
over them of the squared back-propagated gradients, in expectation or exactly.

Signs e that are sent back as ``S e`` give ``e^T A e`` for a filter, with A (C x C) as in
`task2vec.fisher.principal` and ``tr A`` sought: the mean of ``e e^T`` must be the identity, and its
off-diagonal elements should vary as little as they can. Antithetic signs, e and -e, do nothing for
that, since both give the same square.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from task2vec.errors import SettingError
from task2vec.fisher.hadamard import hadamard
from task2vec.fisher.logit_root import root_times
from task2vec.fisher.principal import draws_that_are_exact, principal_cotangents
from task2vec.types import Estimator, Likelihood


class LabelNoise:
    """The random numbers of an estimator, drawn once for all images.

    Drawing by image and not by batch makes an embedding independent of the batch size.

    Args:
        estimator: how the expectation over labels is taken.
        images: N, all of them.
        classes: C.
        draws: how many an image; where fewer are exact, no more are made.
        seed: of the random numbers.
        likelihood: what the logits parametrise.
        label_weights: (N, C) weights of the labels' terms in the log-likelihood, where labels are
            independent: 0 for a missing label, since the loss of the task has no such term.
        gram: (C, C) ``W W^T`` of the head's weights, for the principal estimator.
        labels: (N,) or (N, C) as in a `Sample`, for the empirical estimator.

    Raises:
        SettingError: for fewer than one draw, categorical draws of independent labels, or an
            estimator without what it needs.
    """

    def __init__(
        self,
        estimator: Estimator,
        *,
        images: int,
        classes: int,
        draws: int,
        seed: int,
        likelihood: Likelihood = Likelihood.CATEGORICAL,
        label_weights: NDArray[np.float64] | None = None,
        gram: NDArray[np.float64] | None = None,
        labels: NDArray[np.int64] | None = None,
    ) -> None:
        if draws < 1:
            raise SettingError("Too few draws", expected="at least 1 an image", got=str(draws))
        _check_possible(estimator, likelihood, gram=gram, labels=labels, weights=label_weights)
        self.estimator = estimator
        self.likelihood = likelihood
        self._classes = classes
        self._gram = None if gram is None else torch.from_numpy(gram)
        # With labels drawn from the model, the squared gradient of sum_c v_c log p(y_c) would hold
        # v_c^2; a weight v stands for v images of this label, so that the information is v p (1-p).
        scale = np.ones((1, classes)) if label_weights is None else np.sqrt(label_weights)
        self._scale = torch.from_numpy(scale).expand(images, classes)
        generator = np.random.default_rng(seed)
        if estimator is Estimator.RADEMACHER:
            signs = generator.integers(0, 2, size=(images, draws, classes), dtype=np.int8)
            self._noise = torch.from_numpy(2 * signs - 1)
        elif estimator is Estimator.HADAMARD:
            signs = _hadamard_rows(generator, images, draws, classes)
            self._noise = torch.from_numpy(signs)
        elif estimator is Estimator.PRINCIPAL:
            self._draws = min(draws, draws_that_are_exact(classes, likelihood))
            signs = generator.integers(0, 2, size=(images, classes), dtype=np.int8)
            self._noise = torch.from_numpy(2 * signs - 1)
        elif estimator is Estimator.CATEGORICAL:
            self._noise = torch.from_numpy(generator.random((images, draws)))
        elif labels is not None:
            self._noise = torch.from_numpy(labels)

    @property
    def passes(self) -> int:
        """R, the number of cotangents of an image."""
        match self.estimator:
            case Estimator.EXACT:
                return self._classes
            case Estimator.EMPIRICAL:
                return 1
            case Estimator.PRINCIPAL:
                return self._draws
        return self._noise.shape[1]

    def cotangents(self, logits: Tensor, first: int) -> Tensor:
        """Return the (R, N, C) gradients to send back from (N, C) logits.

        ``first`` is the position of the batch's first image among all images.
        """
        logits = logits.detach()
        rows = slice(first, first + len(logits))
        if self.estimator is Estimator.EMPIRICAL:
            return self._residuals(logits, rows)[None]
        if self.estimator is Estimator.CATEGORICAL:
            return self._drawn_labels(logits, self._noise[rows])
        if self.estimator is Estimator.PRINCIPAL:
            assert self._gram is not None, "checked when this was made"
            return principal_cotangents(
                logits,
                self._noise[rows],
                gram=self._gram,
                likelihood=self.likelihood,
                draws=self._draws,
                scale=self._scale[rows],
            )
        if self.estimator is Estimator.EXACT:
            basis = torch.eye(self._classes, dtype=logits.dtype, device=logits.device)
            vectors = basis[:, None, :].expand(-1, len(logits), -1)
        else:
            signs = self._noise[rows].to(logits).transpose(0, 1)
            vectors = signs / float(signs.shape[0] ** 0.5)
        return self._scale[rows].to(logits) * root_times(logits, vectors, self.likelihood)

    def _drawn_labels(self, logits: Tensor, uniform: Tensor) -> Tensor:
        """Return ``(onehot(y) - p) / sqrt(R)``, the gradients of log p(y) at labels y ~ p."""
        p = logits.softmax(dim=-1)
        # The last bound is 1 whatever rounding says, so that every uniform number finds a label.
        bounds = p.double().cumsum(dim=-1)[:, :-1].contiguous()
        labels = torch.searchsorted(bounds, uniform.to(bounds.device), right=True)
        onehot = torch.nn.functional.one_hot(labels, self._classes).to(logits)
        gradients: Tensor = (onehot - p[:, None, :]).transpose(0, 1)
        return gradients / float(labels.shape[1] ** 0.5)

    def _residuals(self, logits: Tensor, rows: slice) -> Tensor:
        """Return the gradients of log p(y) at the labels y of the data set, (N, C)."""
        labels = self._noise[rows].to(logits.device)
        if self.likelihood is Likelihood.CATEGORICAL:
            onehot = torch.nn.functional.one_hot(labels, self._classes)
            return onehot.to(logits) - logits.softmax(dim=-1)
        # The roots of weights, so that squares have the weights; and sigmoid(-x), which keeps its
        # digits where 1 - p would round to 0.
        residuals = torch.where(labels == 1, (-logits).sigmoid(), -logits.sigmoid())
        return self._scale[rows].to(logits) * residuals


def _check_possible(
    estimator: Estimator,
    likelihood: Likelihood,
    *,
    gram: object,
    labels: object,
    weights: object,
) -> None:
    if estimator is Estimator.CATEGORICAL and likelihood is Likelihood.BERNOULLI:
        raise SettingError(
            "Categorical draws need one label per image",
            expected="an estimator that draws signs, or exact, where an image may have several",
            got="categorical",
            remedy=f"Use `--estimator {Estimator.PRINCIPAL}`, or leave it out.",
        )
    if weights is not None and likelihood is Likelihood.CATEGORICAL:
        raise SettingError("Weights of labels are for independent labels")
    if estimator is Estimator.PRINCIPAL and gram is None:
        raise SettingError("The principal estimator needs the head's weights", expected="a gram")
    if estimator is Estimator.EMPIRICAL and labels is None:
        raise SettingError("The empirical Fisher needs the labels of the images")


def _hadamard_rows(
    generator: np.random.Generator, images: int, draws: int, classes: int
) -> NDArray[np.int8]:
    """Return (N, R, C): for each image R different rows of a Hadamard matrix, R at most its order.

    With rows h_r of C columns of H (order H >= C), drawn without replacement, and random column
    signs d that an image's draws share, ``e_k = h_rk d_k``. ``E d_k d_l = 0`` makes every pair k !=
    l vanish in expectation, so that ``(1/R) sum_r e_r^T A e_r`` is unbiased for tr A, and keeps
    different pairs uncorrelated. Of one pair, the products ``h_rk h_rl`` over all H rows are signs
    that add up to 0, since columns are orthogonal; the mean of R of them without replacement has
    variance ``(1/R) (H - R) / (H - 1)``. So the variance is that of R independent signs, ``(2/R)
    sum_{k != l} A_kl^2``, times ``(H - R) / (H - 1)``: 1 at one draw, 0 at R = H.
    """
    matrix = hadamard(classes)[:, :classes]
    order = len(matrix)
    ranks = generator.random((images, order)).argsort(axis=1)[:, : min(draws, order)]
    columns = 2 * generator.integers(0, 2, size=(images, 1, classes), dtype=np.int8) - 1
    rows: NDArray[np.int8] = matrix[ranks] * columns
    return rows
