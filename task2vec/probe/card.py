"""What a probe is made of, as a TOML card states it."""

import json
import math
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from task2vec.errors import SettingError
from task2vec.types import CountedLayers


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the network's input.

    The whole image is resized to ``input_size`` pixels per side (no crop: icons, letters and flags
    fill their frame), scaled to [0, 1], then ``(x - mean) / std`` per channel.

    Raises `SettingError` for values that no image can be prepared with.
    """

    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"

    def __post_init__(self) -> None:
        if not isinstance(self.input_size, int) or not 8 <= self.input_size <= 2048:
            raise SettingError(
                "Unusable input_size", expected="8 to 2048 pixels", got=str(self.input_size)
            )
        # One preprocessing has one fingerprint, whether a file says 0 or 0.0.
        object.__setattr__(self, "mean", _channels("mean", self.mean))
        object.__setattr__(self, "std", _channels("std", self.std))
        if min(self.std) <= 0:
            raise SettingError("Unusable std", expected="positive numbers", got=str(self.std))
        if self.interpolation not in ("bicubic", "bilinear"):
            raise SettingError(
                "Unknown interpolation", expected="bicubic or bilinear", got=self.interpolation
            )


def _channels(name: str, values: Iterable[float]) -> tuple[float, float, float]:
    try:
        red, green, blue = (float(value) for value in values)
    except (TypeError, ValueError):
        red = math.nan
    if not math.isfinite(red) or not math.isfinite(green) or not math.isfinite(blue):
        raise SettingError(
            f"Unusable {name}", expected="three finite numbers, one a channel", got=repr(values)
        )
    return red, green, blue


@dataclass(frozen=True)
class ProbeCard:
    """A fixed pretrained network: its architecture, where its weights come from, its preprocessing.

    ``architecture`` is timm's name. ``weights`` is where they come from: ``package:MODULE/PATH``
    (a file inside an installed package, pinned by ``file_sha256``), ``timm:NAME[@REVISION]`` or
    ``file:PATH``. ``parameters`` counts the backbone's and classifier's numbers. ``layers`` says
    whose units an embedding has elements for. ``options`` is what was asked for beside the name, as
    in ``?input_size=64``. ``elements`` is how many an embedding by the probe has, and
    ``weights_sha256`` the hash of the weights that it is a fact about; None where not stated.

    Raises `SettingError` for unknown ``layers``.
    """

    name: str
    architecture: str
    weights: str
    preprocessing: Preprocessing
    licence: str
    description: str = ""
    parameters: int | None = None
    file_sha256: str | None = None
    layers: CountedLayers = CountedLayers.ALL
    options: str = ""
    weights_sha256: str | None = None
    elements: int | None = None

    def __post_init__(self) -> None:
        if self.layers not in list(CountedLayers):
            raise SettingError(
                "Unknown layers", expected=" or ".join(CountedLayers), got=repr(self.layers)
            )
        object.__setattr__(self, "layers", CountedLayers(self.layers))

    @property
    def packaged(self) -> bool:
        """Whether the weights come with an installed package, so that nothing is downloaded."""
        return self.weights.startswith("package:")

    def at(self, input_size: int) -> "ProbeCard":
        """Return the same network at another input size: a probe with another fingerprint."""
        return replace(self, preprocessing=replace(self.preprocessing, input_size=input_size))

    def counting(self, layers: str) -> "ProbeCard":
        """Return the same network with other layers that count: another probe."""
        elements = self.elements if layers == self.layers else None
        return replace(self, layers=layers, elements=elements)  # type: ignore[arg-type]

    def fingerprint(self, weights_sha256: str) -> str:
        """Return the SHA-256 of architecture, weights, preprocessing and the layers that count."""
        parts: dict[str, Any] = {
            "architecture": self.architecture,
            "weights": weights_sha256,
            "preprocessing": asdict(self.preprocessing),
        }
        # All layers go without saying: there were fingerprints before there was a choice.
        if self.layers is not CountedLayers.ALL:
            parts["layers"] = self.layers
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_card(path: Path) -> ProbeCard:
    """Read a card from a TOML file; raises `SettingError` naming the file and the faulty key."""
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        preprocessing = data.pop("preprocessing")
        return ProbeCard(preprocessing=Preprocessing(**preprocessing), **data)
    except (OSError, ValueError, KeyError, TypeError, SettingError) as error:
        raise SettingError(
            f"The probe card {path} cannot be read",
            expected="the keys of ProbeCard with a table [preprocessing]",
            got=str(error),
        ) from error
