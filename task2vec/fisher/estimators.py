"""Which gradients of the logits to send back so that their squares average to the Fisher.

Every estimator yields R cotangents per image; the image's diagonal Fisher information is the *sum*
over them of the squared back-propagated gradients, in expectation or exactly.
"""

import numpy as np
import torch
from torch import Tensor

from task2vec.errors import SettingError
from task2vec.fisher.root import root_times
from task2vec.types import Estimator, Likelihood


class LabelNoise:
    """The random numbers of an estimator, drawn once for all images.

    Drawing by image and not by batch makes an embedding independent of the batch size.

    Raises `SettingError` for fewer than one draw, and for categorical draws of independent labels.
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
    ) -> None:
        if draws < 1:
            raise SettingError("Too few draws", expected="at least 1 an image", got=str(draws))
        if estimator is Estimator.CATEGORICAL and likelihood is Likelihood.BERNOULLI:
            raise SettingError(
                "Categorical draws need one label an image",
                remedy="Use the rademacher or the exact estimator for independent labels.",
            )
        self.estimator = estimator
        self.likelihood = likelihood
        self._classes = classes
        generator = np.random.default_rng(seed)
        if estimator is Estimator.RADEMACHER:
            signs = generator.integers(0, 2, size=(images, draws, classes), dtype=np.int8)
            self._noise = torch.from_numpy(2 * signs - 1)
        elif estimator is Estimator.CATEGORICAL:
            self._noise = torch.from_numpy(generator.random((images, draws)))

    def cotangents(self, logits: Tensor, first: int) -> Tensor:
        """Return the (R, N, C) gradients to send back from (N, C) logits.

        ``first`` is the position of the batch's first image among all images.
        """
        logits = logits.detach()
        rows = slice(first, first + len(logits))
        if self.estimator is Estimator.CATEGORICAL:
            return self._drawn_labels(logits, self._noise[rows])
        if self.estimator is Estimator.EXACT:
            basis = torch.eye(self._classes, dtype=logits.dtype, device=logits.device)
            vectors = basis[:, None, :].expand(-1, len(logits), -1)
            return root_times(logits, vectors, self.likelihood)
        signs = self._noise[rows].to(logits).transpose(0, 1)
        return root_times(logits, signs, self.likelihood) / float(signs.shape[0] ** 0.5)

    def _drawn_labels(self, logits: Tensor, uniform: Tensor) -> Tensor:
        """Return ``(onehot(y) - p) / sqrt(R)``, the gradients of log p(y) at labels y ~ p."""
        p = logits.softmax(dim=-1)
        # The last bound is 1 whatever rounding says, so that every uniform number finds a label.
        bounds = p.double().cumsum(dim=-1)[:, :-1].contiguous()
        labels = torch.searchsorted(bounds, uniform.to(bounds.device), right=True)
        onehot = torch.nn.functional.one_hot(labels, self._classes).to(logits)
        gradients: Tensor = (onehot - p[:, None, :]).transpose(0, 1)
        return gradients / float(labels.shape[1] ** 0.5)
