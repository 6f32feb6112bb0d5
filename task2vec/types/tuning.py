"""The words for what fine-tuning decides."""

from enum import StrEnum

#: How the words of progress begin that tell where an interrupted fine-tuning is gone on with.
GOING_ON = "going on where an interrupted run stopped: "


class Recipe(StrEnum):
    """What an expert is: the starting model with a linear classifier, or trained in all weights."""

    LINEAR_PROBE = "linear_probe"
    FINE_TUNING = "fine_tuning"


class ChosenBy(StrEnum):
    """By which images it was chosen between the two.

    ``validation``: a part of the images that trained nothing. ``cross_validation``: all training
    images in turn, each judged by models that it did not train, where a part would be too small.
    ``none``: there is one image a class, and nothing to choose by.
    """

    VALIDATION = "validation"
    CROSS_VALIDATION = "cross_validation"
    NONE = "none"
