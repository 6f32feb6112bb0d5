"""The loss of a task under noise on the weights, with what it tells about the noise's variances."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from task2vec.errors import SettingError
from task2vec.fisher.layer_plan import differentiable
from task2vec.fisher.logit_root import root_times
from task2vec.fisher.noise import NoisyCopy, Numbers, Vector
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import Likelihood

Head = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class NoisySample:
    """What one look at a noisy loss tells.

    ``curvature`` (2, n): two independent estimates of the Gauss-Newton curvature of the expected
    loss, averaged over the weights that share a variance. ``slopes`` (B, L): B independent parts of
    the same mean whose *sum* estimates, without bias, the derivative of the expected loss by the
    log-variance of each layer as a whole.
    """

    curvature: Vector
    slopes: Vector


class NoisyLoss(Protocol):
    """An expected loss E[loss(w0 + sqrt(v) eps)], eps standard normal, as a function of v (n,).

    ``sizes`` (n,) counts the weights that share a variance, ``layer`` (n,) numbers their layers,
    ``images`` is the number N of images behind the mean loss.
    """

    sizes: Numbers
    layer: Numbers
    images: int

    def sample(self, variance: Vector) -> NoisySample:
        """Draw noise and return what it tells about v."""

    def evaluate(self, variance: Vector) -> tuple[float, float]:
        """Return the expected loss and its standard error."""


class NoisyCrossEntropy:
    """The mean cross-entropy of a head on a network with noise on the weights of its layers.

    Two estimators look at one and the same derivative. With H the Hessian of the loss at the noisy
    weights, and v shared by the weights of a filter, Price's theorem says

        dE[loss]/dv = 1/2 E[tr H over the filter].

    *Gauss-Newton.* ``H = E_images[J^T G J] + R`` with J the Jacobian of the logits, ``G = S S^T``
    their Fisher information and R the logits' own curvature times ``p - onehot(y)``. The first part
    is the Fisher information at the noisy weights: squares of `root_times` sent back for each
    image, so that only signs on C logits add noise, and 2 passes give each filter to some 15 %. In
    one weight alone a network of convolutions, fixed batch statistics and ReLUs is piecewise
    linear, so R has only the kinks; but noise in all weights smooths them, and R is then *not*
    small: it holds what the noise does to the mean of the logits.

    *Antithetic.* Reparametrised, ``dE[loss]/dlog v = 1/2 E[g(w0 + sqrt(v) eps) . sqrt(v) eps]``
    over the filter, g the gradient: unbiased, R included. The pair eps and -eps cancels the first
    order exactly and leaves ``1/4 (g+ - g-) . sqrt(v) eps = 1/2 (sqrt(v) eps)^T H (sqrt(v) eps)``
    and higher even orders. But a filter's term crosses with the noise of all P other weights: its
    relative standard deviation is of order sqrt(P / (weights of the filter * rank of H)), above 10
    for a filter of EfficientNet-Lite0, and tolerable for a layer, for which it is used.

    Every batch has noise of its own: more draws at the price of one. Data-set labels; the Fisher
    information of a softmax does not depend on them.

    Args:
        copy: the network, in evaluation mode.
        head: maps features to (N, C) logits.
        inputs: maps positions (B,) of images to a (B, 3, H, W) input.
        labels: (N,), or (N, C) of 0 and 1 where an image may have several.
        weights: (N,), summing to 1: the share of each image in the mean loss.
        label_weights: (N, C), of the labels where an image may have several; 0 for a missing one.
        batch_size: images that share one draw of the noise.
        seed: of noise and signs.
        evaluations: draws of noise for each batch in `evaluate`, in pairs of eps and -eps.
    """

    def __init__(
        self,
        copy: NoisyCopy,
        head: Head,
        *,
        inputs: Callable[[Numbers], Tensor],
        labels: NDArray[np.int64],
        weights: Vector,
        label_weights: Vector | None = None,
        batch_size: int = 16,
        seed: int = 0,
        evaluations: int = 4,
    ) -> None:
        if batch_size < 1 or evaluations < 4:
            raise SettingError(
                "Too little to average over",
                expected="a batch of at least 1 image and 4 evaluations",
                got=f"{batch_size} and {evaluations}",
            )
        self.sizes, self.layer, self.images = copy.sizes, copy.layer, len(labels)
        self._copy, self._head, self._inputs = copy, head, inputs
        self._labels, self._weights, self._label_weights = labels, weights, label_weights
        self._pairs = evaluations // 2
        self._per_weight = len(copy.sizes) == sum(weight.numel() for weight in copy.weights)
        # Images of a class lie together: mixed batches have noise that is less alike.
        mixed = np.random.default_rng(seed).permutation(self.images)
        parts = max(2, -(-self.images // batch_size))
        self._batches = [part for part in np.array_split(mixed, parts) if len(part)]
        self._generator = torch.Generator().manual_seed(seed)

    def sample(self, variance: Vector) -> NoisySample:
        """Draw noise twice for each batch: a pair for slope and curvature, and one for curvature.

        Raises `SettingError` where the noise yields numbers that are not finite.
        """
        curvature = np.zeros((2, len(self.sizes)))
        slopes = []
        for rows, images, weights in self._rows():
            shift = self._shift(variance)
            gradients = []
            with self._copy.shifted(shift) as network:
                gradients.append(self._gradient(network, images, rows, weights))
                curvature[0] += self._gauss_newton(network, images, rows, weights)
            with self._copy.shifted(shift, sign=-1) as network:
                gradients.append(self._gradient(network, images, rows, weights))
            slopes.append(
                [
                    float(((plus - minus) * by).sum(dtype=torch.float64)) / 4
                    for plus, minus, by in zip(*gradients, shift, strict=True)
                ]
            )
            with self._copy.shifted(self._shift(variance)) as network:
                curvature[1] += self._gauss_newton(network, images, rows, weights)
        sample = NoisySample(curvature, np.array(slopes))
        if not (np.isfinite(sample.curvature).all() and np.isfinite(sample.slopes).all()):
            raise _not_finite()
        return sample

    def evaluate(self, variance: Vector) -> tuple[float, float]:
        """Return the expected loss and the standard error that the noise leaves in it.

        The batches' parts of the mean are independent, and so are the pairs: the error is that of
        a sum of means over pairs.
        """
        losses_of_pairs = np.zeros((self._pairs, len(self._batches)))
        for batch, (rows, images, weights) in enumerate(self._rows()):
            for pair in range(self._pairs):
                shift = self._shift(variance)
                for sign in (1, -1):
                    with self._copy.shifted(shift, sign=sign) as network, torch.no_grad():
                        losses = self._losses(network, images, rows)
                    losses_of_pairs[pair, batch] += float(weights.double() @ losses.double()) / 2
        if not np.isfinite(losses_of_pairs).all():
            raise _not_finite()
        spread = losses_of_pairs.var(axis=0, ddof=1).sum()
        return float(losses_of_pairs.mean(axis=0).sum()), float(np.sqrt(spread / self._pairs))

    def _rows(self) -> Iterator[tuple[Numbers, Tensor, Tensor]]:
        for rows in self._batches:
            images = self._inputs(rows)
            yield rows, images, torch.from_numpy(self._weights[rows]).to(images)

    def _shift(self, variance: Vector) -> list[Tensor]:
        return self._copy.scaled(self._copy.draw(self._generator), variance)

    def _losses(self, network: nn.Module, images: Tensor, rows: Numbers) -> Tensor:
        labels = torch.from_numpy(self._labels[rows]).to(images.device)
        logits = self._head(network(images))
        if self._label_weights is None:
            return functional.cross_entropy(logits, labels, reduction="none")
        weights = torch.from_numpy(self._label_weights[rows]).to(logits)
        return functional.binary_cross_entropy_with_logits(
            logits, labels.clamp(min=0).to(logits), weights, reduction="none"
        ).sum(dim=1)

    def _gradient(
        self, network: nn.Module, images: Tensor, rows: Numbers, weights: Tensor
    ) -> tuple[Tensor, ...]:
        with torch.enable_grad(), differentiable(self._copy.weights):
            loss = weights @ self._losses(network, images, rows)
            return torch.autograd.grad(loss, self._copy.weights, materialize_grads=True)

    def _gauss_newton(
        self, network: nn.Module, images: Tensor, rows: Numbers, weights: Tensor
    ) -> Vector:
        if not self._per_weight:
            # Made anew for each draw: what it prepares holds for the weights that it finds.
            squares = PerImageFisher(network)(
                images, self._head, lambda logits: self._signed_root(logits, rows)[None]
            )
            return (weights @ squares).double().cpu().numpy()
        total = torch.zeros(len(self.sizes), dtype=torch.float64)
        for image, row, weight in zip(images, rows, weights, strict=True):
            with torch.enable_grad(), differentiable(self._copy.weights):
                logits = self._head(network(image[None]))
                sent = self._signed_root(logits, np.array([row]))
                gradients = torch.autograd.grad(
                    logits, self._copy.weights, sent, materialize_grads=True
                )
            squares = torch.cat([gradient.reshape(-1).square() for gradient in gradients])
            total += (weight * squares).double().cpu()
        return total.numpy()

    def _signed_root(self, logits: Tensor, rows: Numbers) -> Tensor:
        """Return S e for random signs e, ``S S^T`` the curvature of the loss by the logits."""
        draws = torch.randint(0, 2, logits.shape, generator=self._generator)
        signs, logits = (draws * 2 - 1).to(logits), logits.detach()
        if self._label_weights is None:
            return root_times(logits, signs, Likelihood.CATEGORICAL)
        weights = torch.from_numpy(self._label_weights[rows]).to(logits)
        return root_times(logits, weights.sqrt() * signs, Likelihood.BERNOULLI)


def _not_finite() -> SettingError:
    return SettingError(
        "The noise drives the network to numbers that are not finite",
        remedy="Sweep smaller values of beta, or use another probe.",
    )
