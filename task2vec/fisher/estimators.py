"""Which gradients of the logits to send back so that their squares average to the Fisher.

Every estimator yields R cotangents per image; the image's diagonal Fisher information is the *sum*
over them of the squared back-propagated gradients, in expectation or exactly.

Signs e that are sent back as ``S e`` give ``e^T A e`` for a filter, with A (C x C) as in
`task2vec.fisher.principal` and ``tr A`` sought: the mean of ``e e^T`` must be the identity, and its
off-diagonal elements should vary as little as they can. Antithetic signs, e and -e, do nothing for
that, since both give the same square.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from task2vec.errors import SettingError
from task2vec.fisher.hadamard import hadamard
from task2vec.fisher.logit_root import root_times
from task2vec.fisher.principal import draws_that_are_exact, principal_cotangents
from task2vec.types import Estimator, Likelihood


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelModel:
    """What an estimator may use of N images of C classes.

    ``likelihood`` is what the logits parametrise. ``label_weights`` (N, C) weigh the labels' terms
    in the log-likelihood where labels are independent: 0 for a missing label, since the loss of the
    task has no such term. ``gram`` (C, C) is ``W W^T`` of the head's weights, for the principal
    estimator; ``labels`` (N,) or (N, C) are those of a `Sample`, for the empirical one.

    ``scale`` (N, C) multiplies the rows of the root S, and is 1 where there are no weights.

    Raises `SettingError` for weights of labels that exclude each other.
    """

    images: int
    classes: int
    likelihood: Likelihood = Likelihood.CATEGORICAL
    label_weights: NDArray[np.float64] | None = None
    gram: NDArray[np.float64] | None = None
    labels: NDArray[np.int64] | None = None
    scale: Tensor = field(init=False)

    def __post_init__(self) -> None:
        weights = self.label_weights
        if weights is not None and self.likelihood is Likelihood.CATEGORICAL:
            raise SettingError("Weights of labels are for independent labels")
        # With labels drawn from the model, the squared gradient of sum_c v_c log p(y_c) would hold
        # v_c^2; a weight v stands for v images of this label, so that the information is v p (1-p).
        scale = torch.from_numpy(
            np.ones((1, self.classes)) if weights is None else np.sqrt(weights)
        )
        object.__setattr__(self, "scale", scale.expand(self.images, self.classes))


class LabelNoise(ABC):
    """One estimator on one task, its random numbers drawn once for all images.

    Drawing by image and not by batch makes an embedding independent of the batch size. There is a
    subclass for each member of `Estimator`, registered in `ESTIMATORS`. ``passes`` is R, the number
    of cotangents of an image: ``draws``, or fewer where fewer are exact.
    """

    def __init__(self, model: LabelModel, *, draws: int, generator: np.random.Generator) -> None:
        self.model, self.passes = model, draws
        self._draw(generator)

    @abstractmethod
    def _draw(self, generator: np.random.Generator) -> None:
        """Draw the random numbers; raises `SettingError` where the model lacks what is needed."""

    def cotangents(self, logits: Tensor, first: int) -> Tensor:
        """Return the (R, N, C) gradients to send back from (N, C) logits.

        ``first`` is the position of the batch's first image among all images.
        """
        return self._sent(logits.detach(), slice(first, first + len(logits)))

    @abstractmethod
    def _sent(self, logits: Tensor, rows: slice) -> Tensor:
        """Return the cotangents of the images in these rows, whose logits are detached."""

    def _root_times(self, logits: Tensor, vectors: Tensor, rows: slice) -> Tensor:
        scale = self.model.scale[rows].to(logits)
        return scale * root_times(logits, vectors, self.model.likelihood)


class Signs(LabelNoise):
    """Random signs e on the root, sent back as ``S e``; unbiased and bounded."""

    def _draw(self, generator: np.random.Generator) -> None:
        size = (self.model.images, self.passes, self.model.classes)
        self._signs = torch.from_numpy(_random_signs(generator, size))

    def _sent(self, logits: Tensor, rows: slice) -> Tensor:
        vectors = self._signs[rows].to(logits).transpose(0, 1) / float(self.passes**0.5)
        return self._root_times(logits, vectors, rows)


class HadamardSigns(Signs):
    """Different rows of a Hadamard matrix of order H as the signs of an image, at most H of them.

    With rows h_r of C columns of H (order H >= C), drawn without replacement, and random column
    signs d that an image's draws share, ``e_k = h_rk d_k``. ``E d_k d_l = 0`` makes every pair k !=
    l vanish in expectation, so that ``(1/R) sum_r e_r^T A e_r`` is unbiased for tr A, and keeps
    different pairs uncorrelated. Of one pair, the products ``h_rk h_rl`` over all H rows are signs
    that add up to 0, since columns are orthogonal; the mean of R of them without replacement has
    variance ``(1/R) (H - R) / (H - 1)``. So the variance is that of R independent signs, ``(2/R)
    sum_{k != l} A_kl^2``, times ``(H - R) / (H - 1)``: 1 at one draw, 0 at R = H.
    """

    def _draw(self, generator: np.random.Generator) -> None:
        images, classes = self.model.images, self.model.classes
        matrix = hadamard(classes)[:, :classes]
        order = len(matrix)
        self.passes = min(self.passes, order)
        ranks = generator.random((images, order)).argsort(axis=1)[:, : self.passes]
        columns = _random_signs(generator, (images, 1, classes))
        self._signs = torch.from_numpy(matrix[ranks] * columns)


class PrincipalSigns(LabelNoise):
    """Random signs on the principal directions of the root: see `task2vec.fisher.principal`."""

    def _draw(self, generator: np.random.Generator) -> None:
        model = self.model
        if model.gram is None:
            raise SettingError(
                "The principal estimator needs the head's weights", expected="a gram"
            )
        self._gram = torch.from_numpy(model.gram)
        self.passes = min(self.passes, draws_that_are_exact(model.classes, model.likelihood))
        self._signs = torch.from_numpy(_random_signs(generator, (model.images, model.classes)))

    def _sent(self, logits: Tensor, rows: slice) -> Tensor:
        return principal_cotangents(
            logits,
            self._signs[rows],
            gram=self._gram,
            likelihood=self.model.likelihood,
            draws=self.passes,
            scale=self.model.scale[rows],
        )


class AllColumns(LabelNoise):
    """All C columns of the root: exact, with nothing drawn."""

    def _draw(self, generator: np.random.Generator) -> None:  # noqa: ARG002 - nothing is drawn
        self.passes = self.model.classes

    def _sent(self, logits: Tensor, rows: slice) -> Tensor:
        basis = torch.eye(self.passes, dtype=logits.dtype, device=logits.device)
        return self._root_times(logits, basis[:, None, :].expand(-1, len(logits), -1), rows)


class DrawnLabels(LabelNoise):
    """Gradients of log p(y) at labels y ~ p, as in the published method."""

    def _draw(self, generator: np.random.Generator) -> None:
        if self.model.likelihood is Likelihood.BERNOULLI:
            raise SettingError(
                "Categorical draws need one label per image",
                expected="an estimator that draws signs, or exact, where an image may have several",
                got="categorical",
                remedy=f"Use `--estimator {Estimator.PRINCIPAL}`, or leave it out.",
            )
        self._uniform = torch.from_numpy(generator.random((self.model.images, self.passes)))

    def _sent(self, logits: Tensor, rows: slice) -> Tensor:
        """Return ``(onehot(y) - p) / sqrt(R)``."""
        p = logits.softmax(dim=-1)
        # The last bound is 1 whatever rounding says, so that every uniform number finds a label.
        bounds = p.double().cumsum(dim=-1)[:, :-1].contiguous()
        labels = torch.searchsorted(bounds, self._uniform[rows].to(bounds.device), right=True)
        onehot = one_hot(labels, self.model.classes).to(logits)
        gradients: Tensor = (onehot - p[:, None, :]).transpose(0, 1)
        return gradients / float(self.passes**0.5)


class OwnLabels(LabelNoise):
    """Gradients of log p(y) at the labels y of the data set: those of the *empirical* Fisher."""

    def _draw(self, generator: np.random.Generator) -> None:  # noqa: ARG002 - nothing is drawn
        if self.model.labels is None:
            raise SettingError("The empirical Fisher needs the labels of the images")
        self._labels = torch.from_numpy(self.model.labels)
        self.passes = 1

    def _sent(self, logits: Tensor, rows: slice) -> Tensor:
        labels = self._labels[rows].to(logits.device)
        if self.model.likelihood is Likelihood.CATEGORICAL:
            onehot = one_hot(labels, self.model.classes)
            return (onehot.to(logits) - logits.softmax(dim=-1))[None]
        # The roots of weights, so that squares have the weights; and sigmoid(-x), which keeps its
        # digits where 1 - p would round to 0.
        residuals = torch.where(labels == 1, (-logits).sigmoid(), -logits.sigmoid())
        return (self.model.scale[rows].to(logits) * residuals)[None]


ESTIMATORS: dict[Estimator, type[LabelNoise]] = {
    Estimator.PRINCIPAL: PrincipalSigns,
    Estimator.RADEMACHER: Signs,
    Estimator.HADAMARD: HadamardSigns,
    Estimator.EXACT: AllColumns,
    Estimator.CATEGORICAL: DrawnLabels,
    Estimator.EMPIRICAL: OwnLabels,
}


def draw_noise(estimator: Estimator, model: LabelModel, *, draws: int, seed: int) -> LabelNoise:
    """Draw the random numbers of an estimator for all images, ``draws`` for each.

    Raises `SettingError` for fewer than one draw, and for a model that lacks what the estimator
    needs.
    """
    if draws < 1:
        raise SettingError("Too few draws", expected="at least 1 an image", got=str(draws))
    return ESTIMATORS[estimator](model, draws=draws, generator=np.random.default_rng(seed))


def _random_signs(generator: np.random.Generator, size: tuple[int, ...]) -> NDArray[np.int8]:
    signs: NDArray[np.int8] = 2 * generator.integers(0, 2, size=size, dtype=np.int8) - 1
    return signs
