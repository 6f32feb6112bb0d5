"""The augmentation of fine-tuning, on pictures whose place and scale can be measured."""

import torch

from task2vec.finetuning.training import jitter


def test_jitter_moves_a_little_and_never_flips():
    # A blob in the middle of the first channel, a ramp from left to right in the second.
    ramp = torch.linspace(-1, 1, 101)
    blob = torch.exp(-((ramp[:, None] ** 2 + ramp[None] ** 2) / 0.01))
    images = torch.stack([blob, ramp.expand(101, 101), ramp[:, None].expand(101, 101)])
    moved = jitter(images.expand(64, 3, 101, 101), torch.Generator().manual_seed(0))
    assert moved.shape == (64, 3, 101, 101)
    mass = moved[:, 0] / moved[:, 0].sum(dim=(1, 2), keepdim=True)
    centres = torch.stack([(mass.sum(dim=1) @ ramp), (mass.sum(dim=2) @ ramp)])
    # 6 % of a side, which is 2 wide here, enlarged by up to 10 %.
    assert centres.abs().max() < 0.12 / 0.9 + 0.01
    assert centres.std() > 0.03
    for channel, axis in ((1, 1), (2, 0)):
        along = moved[:, channel].mean(dim=2 - axis)
        slopes = (along[:, 60] - along[:, 40]) / (ramp[60] - ramp[40])
        assert slopes.min() > 0.89
        assert slopes.max() < 1.11
        assert slopes.std() > 0.02


def test_strength_is_how_far_images_move_and_none_leaves_them():
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))

    def moved(strength):
        generator = torch.Generator().manual_seed(0)
        return (jitter(images, generator, strength=strength) - images).abs().mean()

    assert jitter(images, torch.Generator(), strength=0.0) is images
    assert 0 < moved(0.1) < moved(0.3) < moved(1.0)
