"""Outcomes: what fine-tuning gave."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from task2vec.errors import SettingError
from task2vec.messages.base import (
    MOST_WHOLE,
    Answer,
    Fraction,
    Many,
    Name,
    Page,
    Question,
    TimeText,
)
from task2vec.types.names import LONGEST_NAME, LONGEST_PROTOCOL


def _number(given: Any) -> Any:
    # To pydantic true is 1 and "0.5" a number: either is a slip that would be stored for good.
    if isinstance(given, bool | str | bytes):
        raise ValueError("must be a number")
    return given


_Plain = BeforeValidator(_number)

DEFAULT_PROTOCOL = "fine-tuning"
A_NAME = f"a name of 1 to {LONGEST_NAME} printable characters"
IMAGES = "a whole number of test images, at least 1, up to 2^53"
SEED = "a whole number from 0 to 2^53"

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
    protocol: str = Field(DEFAULT_PROTOCOL, min_length=1, max_length=LONGEST_PROTOCOL)
    images: Annotated[int | None, _Plain] = Field(
        None, ge=1, le=MOST_WHOLE, description="Number of test images."
    )
    seed: Annotated[int | None, _Plain] = Field(None, ge=0, le=MOST_WHOLE)


#: As many as are recorded, or removed, at once.
MOST_OUTCOMES = 10_000


def new_outcome(
    model: str,
    task: str,
    accuracy: float,
    *,
    protocol: str = DEFAULT_PROTOCOL,
    images: int | None = None,
    seed: int | None = None,
) -> NewOutcome:
    """Return an outcome as a person states it, model and task by name.

    Raises `SettingError` for a number out of range, and for a protocol that is none.
    """
    check_accuracy(accuracy)
    check_protocol(protocol)
    if images is not None and not 1 <= images <= MOST_WHOLE:
        raise SettingError("An accuracy is measured on images", expected=IMAGES, got=f"{images}")
    if seed is not None and not 0 <= seed <= MOST_WHOLE:
        raise SettingError("The seed is out of range", expected=SEED, got=f"{seed}")
    try:
        return NewOutcome(
            model=model, task=task, accuracy=accuracy, protocol=protocol, images=images, seed=seed
        )
    except ValidationError as error:
        fault = error.errors()[0]
        raise SettingError(
            f"The {fault['loc'][0]} of an outcome cannot be used",
            expected=A_NAME if fault["loc"][0] in ("model", "task") else fault["msg"],
            got=f"{fault['input']!r:.100}",
        ) from None


def check_accuracy(accuracy: float) -> None:
    """Raise `SettingError` for what is no fraction."""
    # Written so that nan fails too.
    if not 0 <= accuracy <= 1:
        raise SettingError(
            "An accuracy is a fraction", expected="a number in [0, 1]", got=f"{accuracy}"
        )


def check_interval(interval: tuple[float, float] | None) -> None:
    """Raise `SettingError` for what is no interval of fractions."""
    if interval is not None and not 0 <= interval[0] <= interval[1] <= 1:
        raise SettingError(
            "An interval of accuracies is two fractions",
            expected="0 <= low <= high <= 1",
            got=f"{interval[0]} and {interval[1]}",
        )


def check_protocol(protocol: str) -> None:
    """Raise `SettingError` for a protocol that is empty or too long."""
    if not protocol:
        raise SettingError(
            "An outcome needs a protocol",
            expected="how the model was fine-tuned and tested, in words",
            got="an empty text",
            remedy="Only outcomes of one protocol are compared. Without one it is "
            f"'{DEFAULT_PROTOCOL}'.",
        )
    if len(protocol) > LONGEST_PROTOCOL:
        raise SettingError(
            "The protocol is too long",
            expected=f"at most {LONGEST_PROTOCOL} characters",
            got=f"{len(protocol):,}",
        )


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
    bundle: str | None = Field(
        None, description="The bundle that brought it; null for one recorded here."
    )


class StoredOutcome(Outcome):
    """An outcome as the store keeps it: ``model`` and ``task`` are ids."""

    id: str = ""
    interval: _Interval | None = None
    images: int | None = None
    seed: int | None = None
    created: TimeText = ""


class OutcomeFilter(Question):
    """Which outcomes are listed: those that agree in all that is not None."""

    model: str | None = Field(None, max_length=LONGEST_NAME, description="Only of this model.")
    task: str | None = Field(None, max_length=LONGEST_NAME, description="Only on this task.")
    protocol: str | None = Field(
        None, max_length=LONGEST_PROTOCOL, description="Only by this protocol."
    )
    created: str | None = Field(
        None,
        max_length=100,
        description="Only those recorded at this time (UTC), such as those of one import.",
        examples=["2026-11-26T05:56:06.709Z"],
        json_schema_extra={"format": "date-time"},
    )


class OutcomePage(Page):
    """A part of the outcomes."""

    outcomes: tuple[Outcome, ...]
