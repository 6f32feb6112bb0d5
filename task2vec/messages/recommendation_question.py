"""The question which starting model to take, and its limits."""

from pydantic import ConfigDict, Field

from task2vec.messages.base import EITHER_TASK_OR_DATASET
from task2vec.messages.neighbours import Subject
from task2vec.messages.settings import EmbeddingSettings
from task2vec.types.tuning import Recipe

#: Seconds, where nothing else is asked for.
BUDGET = 20.0
#: Seconds at most that a server is asked for.
MOST_BUDGET = 3600.0
#: Seconds at most that somebody has: a week.
MOST_TIME = 7 * 86400.0
#: The share of a person's time that measuring may take: what is left trains.
MEASURING_SHARE = 0.25
#: The share of a task's images that another may have and still be evidence, discounted: what a
#: larger one flatters an expert by is no longer small (docs/adr/0040-small-shares-of-images.md).
MOST_SHARED = 0.05


class RecommendationQuestion(Subject):
    """Which model should this task start from?

    A stored task is answered at once from distances, outcomes and earlier measurements of its
    images. With ``measure`` the models that promise most are first measured on them for ``budget``
    seconds, which takes a job. Where the server does not have these images, it answers at once. A
    data set takes a job, too, and is always measured, unless the budget is 0.
    """

    model_config = ConfigDict(
        json_schema_extra={
            **EITHER_TASK_OR_DATASET,
            "examples": [{"task": "greek_capitals", "max_parameters": 6_000_000}],
        }
    )

    k: int = Field(
        5,
        ge=1,
        le=1000,
        description="How many experts are listed at most, besides those measured.",
    )
    max_parameters: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="As published, with ImageNet's classifier; an expert counts as the model that "
        "it descends from.",
    )
    max_input_size: int | None = Field(None, ge=1, le=2**53, description="Pixels per side.")
    architecture: str | None = Field(None, max_length=200, description="`*` stands for anything.")
    licence: str | None = Field(None, max_length=200)
    published: bool = Field(True, description="Whether published figures of models count.")
    bundles: bool = Field(
        True, description="Whether tasks and outcomes that bundles brought count as evidence."
    )
    measure: bool = Field(
        False, description="Measure models on the images of a stored task first: a job."
    )
    budget: float = Field(
        BUDGET,
        ge=0,
        le=MOST_BUDGET,
        allow_inf_nan=False,
        description="Seconds to measure for; with 0 nothing new is measured. Otherwise the default "
        "model and one other are always measured, and what has begun is finished.",
    )
    time: float | None = Field(
        None,
        gt=0,
        le=MOST_TIME,
        allow_inf_nan=False,
        description="Seconds that measuring and training may take together; null: as many as they "
        "need. Measuring takes a quarter of it at most, and what training would exceed it is not "
        "chosen.",
    )
    max_shared: float = Field(
        MOST_SHARED,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="A task that contains more than this share of the task's images is not used. "
        "With a smaller share, what its experts gain is discounted.",
    )
    recipe: Recipe = Field(
        Recipe.AUTO,
        description="How the model will be trained. `auto` answers with the recipe that promises "
        "the highest accuracy, or a cheaper one that is nearly as good.",
    )
    explain: bool = Field(
        False,
        description="Explain what each score comes from, which layers differ and which classes are "
        "hard.",
    )
    settings: EmbeddingSettings = Field(
        EmbeddingSettings(), description="How a data set is embedded; a stored task is not."
    )

    @property
    def seconds(self) -> float:
        """Seconds to measure models for; 0 for a stored task without ``measure``."""
        if not self.measure and self.dataset is None:
            return 0.0
        return self.budget if self.time is None else min(self.budget, MEASURING_SHARE * self.time)
