"""What the file of an expert states of its classifier; read without torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from task2vec.errors import WeightsError
from task2vec.finetuning.temperature import Temperature
from task2vec.messages.predictions import no_classes
from task2vec.probe.weight_files import read_metadata
from task2vec.types.tuning import Recipe

#: Under this key of the file's metadata lies the JSON of what it states.
METADATA_KEY = "task2vec"

_UNCALIBRATED = (
    "{} was made by an earlier version, which did not calibrate: its probabilities are mostly too "
    "sure. Fine-tune anew for calibrated ones"
)


class _Stated(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)

    classes: Annotated[list[str], Field(min_length=2)] | None = None
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    calibration_images: int = Field(0, ge=0)
    task: str | None = None
    licence: str | None = None
    recipe: Recipe | None = None


@dataclass(frozen=True)
class ClassifierCard:
    """The names of the classes in the classifier's order, and what divides its logits.

    ``name`` is the model's, ``task`` what it was fine-tuned on, by ``recipe``; None of what an
    earlier version made. ``warnings`` say why the
    probabilities may not be what they seem.
    """

    name: str
    classes: tuple[str, ...]
    temperature: Temperature
    warnings: tuple[str, ...]
    task: str | None = None
    licence: str | None = None
    recipe: Recipe | None = None


def read_classifier_card(path: Path, *, name: str) -> ClassifierCard:
    """Return what the file of the model ``name`` states.

    A file of an earlier version has no temperature: it is 1 then, with a warning. Raises as
    `no_classes` says for a model without classes, `WeightsError` for what makes no sense.
    """
    try:
        stated = _Stated.model_validate_json(read_metadata(path).get(METADATA_KEY, "{}"))
        if stated.classes is not None and len(set(stated.classes)) < len(stated.classes):
            raise ValueError("two classes of one name")
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise _not_understood(path, f"{place}: {fault['msg']}" if place else fault["msg"]) from None
    except ValueError as error:
        raise _not_understood(path, str(error)) from None
    if stated.classes is None:
        raise no_classes(name)
    if stated.temperature is None:
        temperature = Temperature()
        warnings: tuple[str, ...] = (_UNCALIBRATED.format(name),)
    else:
        temperature = Temperature(stated.temperature, stated.calibration_images)
        warnings = temperature.warnings
    return ClassifierCard(
        name,
        tuple(stated.classes),
        temperature,
        warnings,
        stated.task,
        stated.licence,
        stated.recipe,
    )


def _not_understood(path: Path, got: str) -> WeightsError:
    return WeightsError(
        f"What {path.name} states of its classes cannot be understood",
        expected="the checkpoint of an expert",
        got=got,
    )
