"""How something is embedded or fine-tuned, as a client may say it."""

from pydantic import Field

from task2vec.messages.base import Question
from task2vec.types import DEFAULT_ESTIMATOR, Estimator, Recipe


class EmbeddingSettings(Question):
    """How a data set is embedded; only tasks of one probe can be compared."""

    probe: str = Field(
        "efficientnet_lite0",
        min_length=1,
        max_length=200,
        description="A probe that `/v1/probes` lists.",
    )
    images: int = Field(300, ge=2, le=100_000, description="How many images are used at most.")
    estimator: Estimator = Field(
        DEFAULT_ESTIMATOR,
        description="How the labels that the model might give are averaged over. All but "
        "`empirical` estimate one quantity; its tasks are compared with each other only.",
    )
    draws: int = Field(1, ge=1, le=10_000, description="Label draws for each image.")
    standard_error: float | None = Field(
        None,
        gt=0,
        le=2,
        description="The standard error at which to stop: `images` is then the most that are used. "
        "When all have been and it is not reached, up to three more passes follow, each with "
        "draws of its own.",
    )
    seed: int = Field(0, ge=0, lt=2**32)


class TuningSettings(Question):
    """How a starting model is fine-tuned."""

    recipe: Recipe = Field(
        Recipe.AUTO,
        description="What is trained. `auto`: a linear probe or all layers, whichever is better on "
        "the images; by any other nothing is compared or chosen.",
    )
    images: int = Field(400, ge=4, le=1_000_000, description="At most this many are drawn.")
    epochs: int | None = Field(
        None, ge=1, le=1000, description="At most this many; null: as many as the images need."
    )
    patience: int = Field(4, ge=1, le=1000, description="Epochs without a better validation loss.")
    learning_rate: float | None = Field(
        None, gt=0, lt=1, description="The peak; null: the recipe's own."
    )
    seed: int = Field(0, ge=0, lt=2**32)


EMBEDDING = EmbeddingSettings()
TUNING = TuningSettings()
"""The defaults, for whoever names the settings one by one."""
