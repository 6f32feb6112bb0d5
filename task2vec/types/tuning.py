"""The words for what fine-tuning decides."""

from enum import StrEnum

#: How the words of progress begin that tell where an interrupted fine-tuning is gone on with.
GOING_ON = "going on where an interrupted run stopped: "


class Recipe(StrEnum):
    """What is trained of a starting model.

    ``linear-probe``: a classifier on its unchanged features. ``last-stage``: its last stage and a
    classifier; the stages before stay as they are. ``all-layers``: all of its weights and a
    classifier. ``auto``: linear probe or all layers, whichever is better on the images; an expert
    is one or the other, never ``auto``.
    """

    AUTO = "auto"
    LINEAR_PROBE = "linear-probe"
    LAST_STAGE = "last-stage"
    ALL_LAYERS = "all-layers"

    @classmethod
    def _missing_(cls, value: object) -> "Recipe | None":
        # As earlier versions stored them.
        return {"linear_probe": cls.LINEAR_PROBE, "fine_tuning": cls.ALL_LAYERS}.get(str(value))


class ChosenBy(StrEnum):
    """By which images it was chosen between linear probe and all layers.

    ``validation``: a part of the images that trained nothing. ``cross_validation``: all training
    images in turn, each judged by models that it did not train, where a part would be too small.
    ``none``: there is one image a class, and nothing to choose by.
    """

    VALIDATION = "validation"
    CROSS_VALIDATION = "cross_validation"
    NONE = "none"


#: The share of a task's images that are held out to test what was trained.
TEST_SHARE = 0.25
#: From the cheapest to the most expensive.
RECIPES = (Recipe.LINEAR_PROBE, Recipe.LAST_STAGE, Recipe.ALL_LAYERS)

#: What is done to a starting model, in words.
TRAINED = {
    Recipe.LINEAR_PROBE: "with a linear probe",
    Recipe.LAST_STAGE: "with the last stage trained",
    Recipe.ALL_LAYERS: "with all layers trained",
}
