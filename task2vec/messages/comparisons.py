"""Several starting models, fine-tuned side by side on the same images."""

from pydantic import ConfigDict, Field

from task2vec.messages.base import EITHER_TASK_OR_DATASET, Answer, Fraction, Many, Name
from task2vec.messages.neighbours import Subject
from task2vec.messages.settings import TuningSettings
from task2vec.types.jobs import Priority

#: Each is a fine-tuning, and the more there are, the larger a difference has to be to be sure.
MOST_MODELS = 10


class NewComparison(Subject):
    """Fine-tune several starting models, and the default, on the same images with the same splits.

    A data set becomes a stored task. A model that was fine-tuned so before is not trained again.
    """

    model_config = ConfigDict(
        json_schema_extra={
            **EITHER_TASK_OR_DATASET,
            "examples": [
                {
                    "task": "greek_capitals",
                    "models": ["efficientnet_lite1"],
                    "settings": {"epochs": 10},
                }
            ],
        }
    )

    models: Many[Name] = Field(
        max_length=MOST_MODELS,
        description="Starting models, by name or id. The default is compared besides.",
    )
    settings: TuningSettings = Field(TuningSettings())
    priority: Priority = Priority.NORMAL


class ComparedModel(Answer):
    """A starting model fine-tuned, and how it differs from the default on the same test images."""

    model: str
    accuracy: Fraction | None = Field(None, description="Null where it could not be fine-tuned.")
    interval: tuple[Fraction, Fraction] | None = Field(None, description="90 % of `accuracy`.")
    gain: float | None = Field(
        None, description="Its accuracy minus the default's; null of the default itself."
    )
    gain_interval: tuple[float, float] | None = Field(
        None,
        description="The interval of `gain`: those of all rows hold together with 90 % certainty.",
    )
    better: bool | None = Field(
        None,
        description="Whether it is surely more accurate (true), or less (false), than the default; "
        "null where the test images do not tell.",
    )
    seconds: float | None = Field(None, description="Of its fine-tuning.")
    expert: str | None = Field(None, description="The expert that was stored.")
    error: str | None = Field(None, description="Why it could not be fine-tuned.")


class Comparison(Answer):
    """Starting models compared with the default: that first, the others by their gain.

    ``chosen`` is the model of the largest gain among those that are surely better, else the
    default, and ``expert`` what fine-tuning made of it. The intervals are over test images, as if
    these were drawn independently: near copies make them too narrow. Each model was trained once.
    """

    task: str
    chosen: str
    expert: str
    verdict: str
    test_images: int
    rows: tuple[ComparedModel, ...]
    warnings: tuple[str, ...] = ()
