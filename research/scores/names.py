"""The names of the forward-pass scores."""

from enum import StrEnum


class ScoreName(StrEnum):
    """Which score of a starting model's forward pass over the target's images."""

    LEEP = "leep"
    LOGME = "logme"
    RIDGE = "ridge"
    NEAREST_IMAGES = "nearest_images"
    LINEAR_PROBE = "linear_probe"
