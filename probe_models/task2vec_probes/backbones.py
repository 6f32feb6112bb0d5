"""timm networks without their classifier, filled with weights that may include one."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import timm
from timm.models import PretrainedCfg, get_pretrained_cfg
from torch import Tensor, nn

from task2vec.errors import SettingError, UnknownNameError
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.probe import Probe
from task2vec.probe.weights import fill


def build(card: ProbeCard, state: Mapping[str, Tensor]) -> Probe:
    """Return the probe of a card, its backbone filled with ``state``.

    Raises `UnknownNameError` for an architecture that timm does not have, `WeightsError` for
    weights that do not fit it, `SettingError` where it cannot look at the card's input size.
    """
    check_architecture(card.architecture)
    config = get_pretrained_cfg(card.architecture)
    backbone = _without_classifier(card, config)
    classifiers = (config.classifier if config else None) or ()
    prefixes = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    kept = {
        name: tensor
        for name, tensor in state.items()
        if not any(name.startswith(f"{prefix}.") for prefix in prefixes)
    }
    fill(backbone, kept, origin=card.weights)
    probe = Probe(card, backbone)
    _try_out(probe)
    return probe


def _without_classifier(card: ProbeCard, config: PretrainedCfg | None) -> nn.Module:
    """Return the architecture with random weights and no classifier.

    A vision transformer has position parameters for one size; at another they are interpolated in
    every pass, so that the weights and their fingerprint stay those that were published.
    """
    size = card.preprocessing.input_size
    fixed = config is not None and config.fixed_input_size and config.input_size[1] != size
    create = partial(timm.create_model, card.architecture, pretrained=False, num_classes=0)
    try:
        made: nn.Module = create(dynamic_img_size=True) if fixed else create()
    except TypeError:  # an architecture that cannot: what it says of the size is told later
        made = create()
    return made


def _try_out(probe: Probe) -> None:
    """Look at one black image, so that an unusable size is an error here and not in mid-task."""
    size = probe.card.preprocessing.input_size
    try:
        shape = tuple(probe.features([np.zeros((size, size, 3), dtype=np.uint8)]).shape)
    except Exception as error:  # networks check their input each in their own way
        shape, reason = (), str(error)
    else:
        reason = f"features of shape {shape}"
    if len(shape) != 2:
        raise SettingError(
            f"{probe.card.architecture} cannot be a probe at {size} pixels",
            expected="one vector of features an image",
            got=reason,
            remedy="Give another ?input_size=PIXELS, such as the one it was trained at.",
        )


def check_architecture(name: str, *, published: bool = False) -> None:
    """Raise `UnknownNameError`, with the nearest names, unless timm has ``ARCHITECTURE[.TAG]``.

    ``published`` asks for weights of it, too. Nothing is asked of the hub.
    """
    architecture, _, tag = name.partition(".")
    if timm.is_model(architecture):
        tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
        if published and not tags:
            raise UnknownNameError(
                f"timm publishes no weights of {architecture}",
                expected="a model that `task2vec models published --all` lists",
                got=name,
            )
        if tag and tag not in tags:
            raise UnknownNameError(
                f"timm has no such weights of {architecture}",
                expected=f"one of {', '.join(tags)}" if tags else "no tag",
                got=tag,
            )
        return
    near = timm.list_models(f"*{name.split('_')[0].split('.')[0]}*")[:5]
    raise UnknownNameError(
        "timm has no such architecture",
        expected=f"a name such as {', '.join(near)}" if near else "a name of timm.list_models()",
        got=name,
    )


def default_preprocessing(architecture: str, input_size: int | None = None) -> Preprocessing:
    """Return the preprocessing that timm states for an architecture's published weights."""
    config = get_pretrained_cfg(architecture, allow_unregistered=True)
    size = input_size or (config.input_size[1] if config else 224)
    if config is None:
        return Preprocessing(size, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    usable = config.interpolation in ("bicubic", "bilinear")
    mean, std = (tuple(map(float, values)) for values in (config.mean, config.std))
    return Preprocessing(
        size,
        (mean[0], mean[1], mean[2]),
        (std[0], std[1], std[2]),
        config.interpolation if usable else "bicubic",
    )
