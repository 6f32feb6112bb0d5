"""The augmentation of fine-tuning: images are scaled and shifted a little, never flipped."""

import torch
from torch import Tensor, nn

_SCALE = 0.1
# Of the side, which is 2 wide in the coordinates of affine_grid.
_SHIFT = 0.06


def jitter(images: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Scale each of (N, 3, S, S) images by up to 10 % and shift it by up to 6 % of its side.

    Both are multiplied by ``strength``; at 0 the images are returned as they are. Nothing is
    flipped, since letters and digits are not symmetric.
    """
    if strength == 0:
        return images
    count = len(images)
    scale = 1 + 2 * _SCALE * strength * (torch.rand(count, generator=generator) - 0.5)
    shift = 4 * _SHIFT * strength * (torch.rand(count, 2, generator=generator) - 0.5)
    transform = torch.zeros(count, 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = scale
    transform[:, :, 2] = shift
    grid = nn.functional.affine_grid(
        transform.to(images.device), list(images.shape), align_corners=False
    )
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
