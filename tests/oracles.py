"""Slow computations straight from the definitions, to compare the package with."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d)
WITH_UNITS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear, *TRANSPOSED)


def count_units(module: nn.Module) -> int:
    """Return how many filters or neurons a module has."""
    return getattr(module, "out_channels", None) or module.out_features


def mean_squares(gradient: Tensor, module: nn.Module) -> Tensor:
    """Return (units,), the mean of the squares over each unit's own weights."""
    if not isinstance(module, TRANSPOSED):
        return torch.stack([row.square().mean() for row in gradient])
    found = []
    inputs, outputs = gradient.shape[0] // module.groups, gradient.shape[1]
    for group in range(module.groups):
        own = gradient[group * inputs : (group + 1) * inputs]
        found += [own[:, output].square().mean() for output in range(outputs)]
    return torch.stack(found)


def fisher_by_definition(
    network: nn.Module, head: Callable[[Tensor], Tensor], images: Tensor
) -> Tensor:
    """Return (N, n): ``sum_y p(y|x) (d log p(y|x) / dw)^2``, averaged over each filter's weights.

    Image by image and class by class, by autograd on the weights themselves.
    """
    network = deepcopy(network).requires_grad_(True)
    modules = [m for m in network.modules() if isinstance(m, WITH_UNITS)]
    # A weight that two modules share is one weight.
    kernels = list({id(m.weight): m.weight for m in modules}.values())
    owners = [next(m for m in modules if m.weight is kernel) for kernel in kernels]
    units = sum(count_units(owner) for owner in owners)
    rows = []
    for image in images:
        log_p = head(network(image[None])).log_softmax(dim=1)[0]
        total = torch.zeros(units, dtype=images.dtype)
        for log_probability in log_p:
            gradients = torch.autograd.grad(
                log_probability,
                kernels,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            per_filter = [
                mean_squares(g, owner) for g, owner in zip(gradients, owners, strict=True)
            ]
            total += log_probability.detach().exp() * torch.cat(per_filter)
        rows.append(total)
    return torch.stack(rows)


def independent_fisher_by_definition(
    network: nn.Module, head: Callable[[Tensor], Tensor], images: Tensor, weights: Tensor
) -> Tensor:
    """Return (N, n): ``sum_c v_c sum_{y = 0, 1} p(y_c|x) (d log p(y_c|x) / dw)^2`` for each filter.

    ``weights`` v are (N, C). A label of weight 0 is passed over, as if nobody had asked for it.
    """
    network = deepcopy(network).requires_grad_(True)
    modules = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    kernels = [m.weight for m in modules]
    rows = []
    for image, own in zip(images, weights, strict=True):
        logits = head(network(image[None]))[0]
        total = torch.zeros(sum(m.out_channels for m in modules), dtype=images.dtype)
        for logit, weight in zip(logits, own, strict=True):
            for sign in (-1, 1):
                if weight == 0:
                    continue
                log_p = nn.functional.logsigmoid(sign * logit)
                gradients = torch.autograd.grad(log_p, kernels, retain_graph=True)
                squares = [mean_squares(g, m) for g, m in zip(gradients, modules, strict=True)]
                total += weight * log_p.detach().exp() * torch.cat(squares)
        rows.append(total)
    return torch.stack(rows)
