"""Outcomes: what fine-tuning gave."""

from typing import Any

from pydantic import ConfigDict, Field

from task2vec.types.numbers import MOST_WHOLE
from task2vec.wire.base import Answer, Fraction, Name, Page, Question, TimeText


class NewOutcome(Question):
    """The measured accuracy of a starting model after fine-tuning on a stored task."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "efficientnet_lite0", "task": "greek_capitals", "accuracy": 0.912}
            ]
        }
    )

    model: Name
    task: Name
    accuracy: Fraction
    protocol: str = Field("fine-tuning", min_length=1, max_length=500)
    images: int | None = Field(None, ge=1, le=MOST_WHOLE, description="Number of test images.")
    seed: int | None = Field(None, ge=0, le=MOST_WHOLE)


class NewOutcomes(Question):
    """Several outcomes, recorded all or none."""

    outcomes: tuple[NewOutcome, ...] = Field(min_length=1, max_length=10_000)


class Outcome(Answer):
    """A recorded outcome; ``model`` and ``task`` are names."""

    id: str
    model: str
    task: str
    accuracy: float
    interval: tuple[float, float] | None
    protocol: str
    images: int | None
    seed: int | None
    created: TimeText
    details: dict[str, Any] = Field({}, description="How it came about, if task2vec measured it.")


class OutcomePage(Page):
    """A part of the outcomes, in the order in which they came."""

    outcomes: tuple[Outcome, ...]
