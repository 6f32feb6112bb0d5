"""Recording what fine-tuning gave."""

import csv
from dataclasses import dataclass
from pathlib import Path

from task2vec.errors import InputError, SettingError, Task2VecError
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import get_model
from task2vec.types import Outcome

DEFAULT_PROTOCOL = "fine-tuning"
_COLUMNS = ("model", "task", "accuracy")
_OPTIONAL = ("protocol", "images", "seed")


@dataclass(frozen=True)
class Measured:
    """An outcome as a person states it: model and task by name, ``accuracy`` in [0, 1].

    ``images`` is the number of test images. Raises `SettingError` out of range.
    """

    model: str
    task: str
    accuracy: float
    protocol: str = DEFAULT_PROTOCOL
    images: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        # Written so that nan fails too.
        if not 0 <= self.accuracy <= 1:
            raise SettingError(
                "An accuracy is a fraction", expected="a number in [0, 1]", got=f"{self.accuracy}"
            )
        if self.images is not None and self.images < 1:
            raise SettingError(
                "An accuracy is measured on images", expected="at least 1", got=f"{self.images}"
            )


def add_outcome(workspace: Workspace, measured: Measured) -> Outcome:
    """Record one outcome of a stored task.

    Raises `UnknownNameError` for a model or task that is not there, `StoreError` without a store.
    """
    outcome = _outcome(workspace, measured)
    return workspace.store(create=True).outcomes.add(outcome)


def import_outcomes(workspace: Workspace, path: Path) -> list[Outcome]:
    """Record all outcomes of a CSV file, or none of them.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault.
    """
    outcomes = []
    for line, measured in _rows(path):
        try:
            outcomes.append(_outcome(workspace, measured))
        except Task2VecError as error:
            raise InputError(f"Line {line} of {path}: {error}") from error
    return workspace.store(create=True).outcomes.add_many(outcomes) if outcomes else []


def _rows(path: Path) -> list[tuple[int, Measured]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = tuple(reader.fieldnames or ())
            unknown = [name for name in header if name not in (*_COLUMNS, *_OPTIONAL)]
            if unknown or not set(_COLUMNS) <= set(header):
                raise InputError(
                    f"{path} does not hold outcomes",
                    expected="a header with model,task,accuracy and perhaps protocol,images,seed",
                    got=",".join(header) or "an empty file",
                )
            return [(reader.line_num, _measured(row, path, reader.line_num)) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read", expected="a CSV file in UTF-8", got=str(error)
        ) from error


def _measured(row: dict[str, str | None], path: Path, line: int) -> Measured:
    if None in row:
        raise InputError(
            f"Line {line} of {path} has more cells than the header has columns",
            remedy="Put a name that holds a comma in double quotes.",
        )
    try:
        return Measured(
            model=(row["model"] or "").strip(),
            task=(row["task"] or "").strip(),
            accuracy=float(row["accuracy"] or ""),
            protocol=(row.get("protocol") or DEFAULT_PROTOCOL).strip(),
            images=int(images) if (images := row.get("images")) else None,
            seed=int(seed) if (seed := row.get("seed")) else None,
        )
    except ValueError as error:
        raise InputError(
            f"Line {line} of {path} is no outcome",
            expected="accuracy as a number, images and seed as whole numbers",
            got=str(error),
        ) from error
    except SettingError as error:
        raise InputError(f"Line {line} of {path}: {error}") from error


def _outcome(workspace: Workspace, measured: Measured) -> Outcome:
    store = workspace.store()
    return Outcome(
        id="",
        model=get_model(workspace, measured.model).id,
        task=store.tasks.get(measured.task).id,
        accuracy=measured.accuracy,
        protocol=measured.protocol,
        images=measured.images,
        seed=measured.seed,
    )


def list_outcomes(
    workspace: Workspace, *, model: str | None = None, task: str | None = None
) -> list[tuple[Outcome, str, str]]:
    """Return the outcomes with the names of their model and task.

    Raises `UnknownNameError` for a model or task that is not there.
    """
    store = workspace.existing_store()
    if store is None:
        return []
    found = store.outcomes.list(
        model=get_model(workspace, model).id if model else None,
        task=store.tasks.get(task).id if task else None,
    )
    models = {record.id: record.name for record in store.models.list()}
    tasks = {record.id: record.name for record in store.tasks.list()}
    return [(outcome, models[outcome.model], tasks[outcome.task]) for outcome in found]
