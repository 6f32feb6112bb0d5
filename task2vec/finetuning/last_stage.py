"""A network in two parts: the trunk, which stays as it is, and the last stage, which is trained."""

import re
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from task2vec.errors import WeightsError
from task2vec.probe.probe import Probe
from task2vec.types.tuning import Recipe

#: Containers of stages that run one after the other, by the names that timm and torchvision give.
_CONTAINERS = ("blocks", "stages", "features")
#: What begins the last stage is the last of these: a stage of ResNets (``layer4``), of RegNets
#: (``s4``), of EfficientNets and MobileNets (``blocks.6``), of ConvNeXts (``stages.3``).
_STAGE = re.compile(r"(layer|s|blocks\.|stages\.)\d+")


def split_network(start: Probe) -> tuple[nn.Sequential, nn.Sequential]:
    """Return trunk and last stage of a starting model; they share its modules.

    The last stage is the last group of blocks with all that follows, pooling included: it maps what
    the trunk gives to the (N, D) features. That both in turn give what the network gives is checked
    on one image of noise.

    Raises `WeightsError` for a network that does not consist of stages, such as a vision
    transformer, whose blocks are all alike and which adds positions between its parts.
    """
    trunk, stage = split(start.backbone)
    if (
        not len(trunk)
        or not any(True for _ in stage.parameters())
        or not _same(start, trunk, stage)
    ):
        raise WeightsError(
            f"{start.name} has no last stage that could be trained by itself",
            expected="stages in a row, as EfficientNets, ResNets and ConvNeXts have them",
            got=f"the architecture {start.card.architecture}",
            remedy=f"Take `--recipe {Recipe.ALL_LAYERS}` or `--recipe {Recipe.LINEAR_PROBE}`.",
        )
    return trunk, stage


def split(backbone: nn.Module) -> tuple[nn.Sequential, nn.Sequential]:
    """Return what stands before and from the last stage on; without stages the first is empty.

    Whether that is the network itself is not checked: see `split_network`.
    """
    named = list(_parts(backbone))
    parts = [part for _, part in named]
    cuts = [i for i, (name, _) in enumerate(named) if _STAGE.fullmatch(name)]
    features = [i for i, (name, _) in enumerate(named) if name.startswith("features.")]
    # torchvision's `features` end with the layer that widens the last stage.
    cut = cuts[-1] if cuts else (features[-2] if len(features) > 1 else 0)
    behind = parts[cut:]
    if not cuts and features:
        # Their pooling is a function, no module.
        behind += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*parts[:cut]), nn.Sequential(*behind)


def _parts(backbone: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts of a network in their order, with each stage by itself."""
    for name, part in backbone.named_children():
        if name in _CONTAINERS and isinstance(part, nn.Sequential):
            yield from ((f"{name}.{number}", each) for number, each in part.named_children())
        else:
            yield name, part


def _same(start: Probe, trunk: nn.Module, stage: nn.Module) -> bool:
    size = start.card.preprocessing.input_size
    noise = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    images = noise.to(start.device)
    with torch.inference_mode():
        expected: Tensor = start.backbone(images)
        try:
            features: Tensor = stage(trunk(images))
        except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError):
            # The parts do not fit together in this order.
            return False
        scale = float(expected.abs().max())
        return features.shape == expected.shape and torch.allclose(
            features, expected, rtol=1e-4, atol=1e-5 * scale
        )
