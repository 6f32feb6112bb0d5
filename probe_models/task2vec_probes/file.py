"""Weights in a local safetensors file: ``file:PATH[?arch=NAME&input_size=PIXELS]``."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from task2vec.errors import InputError, SettingError, WeightsError
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.weight_files import read_metadata, referenced_file
from task2vec_probes.backbones import check_architecture, default_preprocessing

#: Under this key of a safetensors file's metadata an expert states how it was made.
METADATA_KEY = "task2vec"


def file_card(reference: str) -> ProbeCard:
    """Return the card of a local file.

    An expert that task2vec saved states its architecture and preprocessing itself; for any other
    file the reference must name the architecture.

    Raises `InputError` for a missing architecture or an unknown option, `WeightsError` for a file
    that is missing, no safetensors, or states what makes no sense.
    """
    query = reference.partition("?")[2]
    options = {key: values[-1] for key, values in parse_qs(query).items()}
    path = referenced_file(reference)
    stated = _stated(read_metadata(path), path)
    architecture = options.pop("arch", stated.get("architecture"))
    size = options.pop("input_size", None)
    sized = size is None or re.fullmatch(r"[0-9]{1,5}", size)
    if options or not sized or architecture is None:
        raise InputError(
            "The reference does not say how to use this file",
            expected="file:PATH?arch=NAME[&input_size=PIXELS], NAME one of timm.list_models()",
            got=reference,
        )
    check_architecture(architecture)
    preprocessing = stated.get("preprocessing") or default_preprocessing(architecture)
    card = ProbeCard(
        name=stated.get("name", path.stem),
        architecture=architecture,
        weights=f"file:{path}",
        preprocessing=preprocessing,
        licence=stated.get("licence", "unknown"),
        description=f"weights in {path.name}",
    )
    return card.at(int(size)) if size else card


def _stated(metadata: Mapping[str, str], path: Path) -> dict[str, Any]:
    """Return what an expert's file says of itself; its preprocessing made one."""
    try:
        stated = dict(json.loads(metadata.get(METADATA_KEY, "{}")))
        if "preprocessing" in stated:
            stated["preprocessing"] = Preprocessing(**stated["preprocessing"])
    except (ValueError, TypeError, SettingError) as error:
        raise WeightsError(
            f"What {path} states of itself cannot be understood",
            expected=f"JSON with architecture and preprocessing under {METADATA_KEY!r}",
            got=str(error),
        ) from error
    return stated
