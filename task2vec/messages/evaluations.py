"""How good an expert is on labelled images."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from task2vec.messages.base import EITHER_TASK_OR_DATASET, Answer, Fraction, Name, Question
from task2vec.messages.explanations import TakenFor
from task2vec.messages.neighbours import Subject
from task2vec.types.jobs import Priority

#: More images tell nothing more: the interval is below +-1 point.
MOST_EVALUATED = 10_000
#: A larger table of confusions is an answer that nobody reads, and megabytes to send.
MOST_CLASSES = 1000


class NewEvaluation(Subject):
    """Measure the accuracy of an expert on labelled images. A data set or task takes a job.

    A source with a test split is evaluated on that split.
    """

    model_config = ConfigDict(
        json_schema_extra={
            **EITHER_TASK_OR_DATASET,
            "examples": [{"model": "greek-from-lite0", "task": "greek_capitals"}],
        }
    )

    model: Name = Field(description="An expert, by name or id: what fine-tuning made.")
    images: int = Field(
        MOST_EVALUATED,
        ge=1,
        le=MOST_EVALUATED,
        description="At most as many images, drawn at random.",
    )
    seed: int = Field(0, ge=0, le=2**53, description="Of the drawing.")
    remove_dataset: bool = Field(
        False, description="Remove the data set as soon as no job needs it any more."
    )
    priority: Priority = Priority.NORMAL


class Confusion(Question):
    """How often images of one class were taken for another.

    ``counts[i][j]`` images of class i were taken for class j, by the order of ``classes``, which
    are those of the expert. A class without images has a row of zeros.
    """

    classes: tuple[str, ...] = Field(min_length=2, max_length=MOST_CLASSES)
    counts: tuple[tuple[int, ...], ...]

    @model_validator(mode="after")
    def _square(self) -> Self:
        size = len(self.classes)
        if len(self.counts) != size or any(len(row) != size for row in self.counts):
            raise ValueError(f"must have {size} rows of {size} counts, as there are classes")
        if any(count < 0 for row in self.counts for count in row):
            raise ValueError("must count, and not be negative")
        if not any(count for row in self.counts for count in row):
            raise ValueError("must count at least one image")
        return self


class ClassEvaluation(Answer):
    """How well one class is recognised."""

    label: str
    images: int
    correct: int
    accuracy: Fraction = Field(description="The share of its images that are recognised (recall).")
    interval: tuple[Fraction, Fraction] = Field(description="95 % of `accuracy`.")
    precision: Fraction | None = Field(
        description="The share of images taken for it that are of it; null if there are none."
    )
    taken_for: TakenFor | None = Field(
        description="The class that it was most often taken for; null if it never was."
    )


class Evaluation(Answer):
    """The accuracy of an expert on labelled images.

    ``baseline`` is the accuracy of always answering the most frequent class. All intervals are of
    95 %, as if images were drawn independently: near copies make them too narrow.
    """

    model: str
    source: str
    images: int
    accuracy: Fraction
    interval: tuple[Fraction, Fraction]
    balanced_accuracy: Fraction = Field(description="The mean accuracy over the classes.")
    baseline: Fraction
    by_class: tuple[ClassEvaluation, ...] = Field(
        description="Those that have images, the least accurate first."
    )
    confusion: Confusion
    seconds: float
    warnings: tuple[str, ...] = ()
