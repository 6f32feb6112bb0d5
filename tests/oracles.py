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
