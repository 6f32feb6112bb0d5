"""Weights in a local safetensors file: ``file:PATH[?arch=NAME&input_size=PIXELS]``."""

import json
from pathlib import Path
from urllib.parse import parse_qs

from task2vec.errors import InputError, WeightsError
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.weights import read_safetensors
from task2vec_probes.backbones import check_architecture, default_preprocessing

#: Under this key of a safetensors file's metadata an expert states how it was made.
METADATA_KEY = "task2vec"


def file_card(reference: str) -> ProbeCard:
    """Return the card of a local file.

    An expert that task2vec saved states its architecture and preprocessing itself; for any other
    file the reference must name the architecture.

    Raises `InputError` for a missing architecture or an unknown option, `WeightsError` for a file
    that is missing or no safetensors.
    """
    location, _, query = reference.removeprefix("file:").partition("?")
    options = {key: values[-1] for key, values in parse_qs(query).items()}
    path = Path(location).expanduser().resolve()
    if not path.is_file():
        raise WeightsError(
            "The weights are not there", expected="a safetensors file", got=str(path)
        )
    _, metadata = read_safetensors(path)
    stated = json.loads(metadata.get(METADATA_KEY, "{}"))
    architecture = options.pop("arch", stated.get("architecture"))
    size = options.pop("input_size", None)
    if options or (size is not None and not size.isdecimal()) or architecture is None:
        raise InputError(
            "The reference does not say how to use this file",
            expected="file:PATH?arch=NAME[&input_size=PIXELS], NAME one of timm.list_models()",
            got=reference,
        )
    check_architecture(architecture)
    preprocessing = default_preprocessing(architecture)
    if "preprocessing" in stated:
        values = stated["preprocessing"]
        preprocessing = Preprocessing(
            input_size=values["input_size"],
            mean=tuple(values["mean"]),
            std=tuple(values["std"]),
            interpolation=values["interpolation"],
        )
    card = ProbeCard(
        name=stated.get("name", path.stem),
        architecture=architecture,
        weights=f"file:{path}",
        preprocessing=preprocessing,
        licence=stated.get("licence", "unknown"),
        description=f"weights in {path.name}",
    )
    return card.at(int(size)) if size else card
