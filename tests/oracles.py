"""Slow computations straight from the definitions, to compare the package with."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn


def fisher_by_definition(
    network: nn.Module, head: Callable[[Tensor], Tensor], images: Tensor
) -> Tensor:
    """Return (N, n): ``sum_y p(y|x) (d log p(y|x) / dw)^2``, averaged over each filter's weights.

    Image by image and class by class, by autograd on the weights themselves.
    """
    network = deepcopy(network).requires_grad_(True)
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d)]
    rows = []
    for image in images:
        log_p = head(network(image[None])).log_softmax(dim=1)[0]
        total = torch.zeros(sum(len(kernel) for kernel in kernels), dtype=images.dtype)
        for log_probability in log_p:
            gradients = torch.autograd.grad(log_probability, kernels, retain_graph=True)
            per_filter = [g.square().flatten(1).mean(dim=1) for g in gradients]
            total += log_probability.detach().exp() * torch.cat(per_filter)
        rows.append(total)
    return torch.stack(rows)
