"""What a probe is made of, as a TOML card states it."""

import json
import tomllib
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from task2vec.errors import SettingError


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the network's input.

    The whole image is resized to ``input_size`` pixels a side (no crop: icons, letters and flags
    fill their frame), scaled to [0, 1], then ``(x - mean) / std`` per channel.
    """

    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"

    def __post_init__(self) -> None:
        if not 8 <= self.input_size <= 2048:
            raise SettingError(
                "Unusable input size", expected="8 to 2048 pixels a side", got=str(self.input_size)
            )
        if self.interpolation not in ("bicubic", "bilinear"):
            raise SettingError(
                "Unknown interpolation", expected="bicubic or bilinear", got=self.interpolation
            )


@dataclass(frozen=True)
class ProbeCard:
    """A fixed pretrained network: its architecture, where its weights come from, its preprocessing.

    ``architecture`` is timm's name. ``weights`` is where they come from: ``package:MODULE/PATH``
    (a file inside an installed package, pinned by ``file_sha256``), ``timm:NAME[@REVISION]`` or
    ``file:PATH``. ``parameters`` counts the backbone's and classifier's numbers.
    """

    name: str
    architecture: str
    weights: str
    preprocessing: Preprocessing
    licence: str
    description: str = ""
    parameters: int | None = None
    file_sha256: str | None = None

    @property
    def packaged(self) -> bool:
        """Whether the weights come with an installed package, so that nothing is downloaded."""
        return self.weights.startswith("package:")

    def at(self, input_size: int) -> "ProbeCard":
        """Return the same network at another input size: a probe with another fingerprint."""
        return replace(self, preprocessing=replace(self.preprocessing, input_size=input_size))

    def fingerprint(self, weights_sha256: str) -> str:
        """Return the SHA-256 of architecture, weights and preprocessing."""
        parts = {
            "architecture": self.architecture,
            "weights": weights_sha256,
            "preprocessing": asdict(self.preprocessing),
        }
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_card(path: Path) -> ProbeCard:
    """Read a card from a TOML file; raises `SettingError` naming the file and the faulty key."""
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        preprocessing = data.pop("preprocessing")
        for key in ("mean", "std"):
            preprocessing[key] = tuple(float(x) for x in preprocessing[key])
        return ProbeCard(preprocessing=Preprocessing(**preprocessing), **data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingError(
            f"The probe card {path} cannot be read",
            expected="the keys of ProbeCard with a table [preprocessing]",
            got=str(error),
        ) from error
