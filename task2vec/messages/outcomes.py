"""Outcomes: what fine-tuning gave."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from task2vec.messages.base import Answer, Fraction, Many, Name, Page, Question, TimeText
from task2vec.types.names import LONGEST_PROTOCOL
from task2vec.types.numbers import MOST_WHOLE


def _number(given: Any) -> Any:
    # To pydantic true is 1 and "0.5" a number: either is a slip that would be stored for good.
    if isinstance(given, bool | str | bytes):
        raise ValueError("must be a number")
    return given


_Plain = BeforeValidator(_number)

# Two numbers as older tools read JSON Schema: `prefixItems`, which pydantic writes, is not known
# to all that generate programs or requests from the document.
_Interval = Annotated[
    tuple[float, float],
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]


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
    accuracy: Annotated[Fraction, _Plain]
    protocol: str = Field("fine-tuning", min_length=1, max_length=LONGEST_PROTOCOL)
    images: Annotated[int | None, _Plain] = Field(
        None, ge=1, le=MOST_WHOLE, description="Number of test images."
    )
    seed: Annotated[int | None, _Plain] = Field(None, ge=0, le=MOST_WHOLE)


#: As many as are recorded, or removed, at once.
MOST_OUTCOMES = 10_000


class NewOutcomes(Question):
    """Several outcomes, recorded all or none."""

    outcomes: Many[NewOutcome] = Field(min_length=1, max_length=MOST_OUTCOMES)


class OutcomesToRemove(Question):
    """Several outcomes, removed all or none."""

    outcomes: Many[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        min_length=1, max_length=MOST_OUTCOMES, description="Their ids."
    )


class Outcome(Answer):
    """A recorded outcome; ``model`` and ``task`` are names."""

    id: str
    model: str
    task: str
    accuracy: float
    interval: _Interval | None
    protocol: str
    images: int | None
    seed: int | None
    created: TimeText
    details: dict[str, Any] = Field({}, description="How it came about, if task2vec measured it.")
    repeats: str | None = Field(
        None,
        description="The id of the first outcome that says the same: model, task, protocol, "
        "accuracy, interval, images and seed. Both are one measurement, and count once.",
    )


class OutcomePage(Page):
    """A part of the outcomes."""

    outcomes: tuple[Outcome, ...]
