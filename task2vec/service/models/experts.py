"""Experts in the store: their checkpoints, and what these state of themselves."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import sha256
from math import isfinite
from pathlib import Path
from time import time
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from task2vec.errors import SettingError, StoreError, WeightsError
from task2vec.finetuning.result import Tuned
from task2vec.messages.faults import first_fault
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import StoredTask
from task2vec.probe.card import Preprocessing
from task2vec.probe.weight_files import check_finite, check_hash, count_parameters, read_metadata
from task2vec.service.quarantine import put_aside
from task2vec.service.uploads import move_into_place
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import new_id
from task2vec.types.names import LONGEST_NAME, is_name
from task2vec.types.tuning import Recipe

#: Refs of experts are relative to their store, so that a store can be moved.
STORED = "store:"
_FOLDER = "experts"


class _Stated(BaseModel):
    """What a checkpoint states of itself, as far as something is made of it."""

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)

    architecture: str
    preprocessing: dict[str, Any]
    best_epoch: int = Field(ge=0)
    licence: str | None = None


def checkpoint(workspace: Workspace, model: Model) -> Path | None:
    """Return where the store keeps a model's checkpoint; None for one from elsewhere."""
    if not model.ref.startswith(STORED):
        return None
    return workspace.path.absolute() / model.ref.removeprefix(STORED)


class TunedDetails(BaseModel):
    """How an outcome came about: by which expert, with which settings, on which images.

    ``images`` is the most that were drawn, ``source`` the signature of the task's source. For each
    test image ``correct`` has a 1 where it was right, else a 0; ``tested`` is the SHA-256 of their
    keys. ``recipe`` is what the expert was made by; ``curve`` are (steps, accuracy, loss) on the
    validation images, the loss None of a training that diverged. Outcomes of earlier versions have
    the expert and its settings alone, or neither recipe nor curve.
    """

    expert: str
    settings: dict[str, Any]
    images: int | None
    source: str
    seconds: float
    correct: str
    tested: str
    recipe: Recipe | None = None
    curve: tuple[tuple[int, float, float | None], ...] = ()

    @classmethod
    def of(cls, tuned: Tuned, *, expert: str, task: StoredTask) -> Self:
        """Return the details of a fine-tuning that made ``expert``."""
        keys = "\n".join(tuned.test_keys).encode(errors="backslashreplace")
        return cls(
            expert=expert,
            settings=asdict(tuned.settings),
            images=tuned.images,
            source=task.source_signature,
            seconds=tuned.seconds,
            correct="".join("01"[right] for right in tuned.correct),
            tested=sha256(keys).hexdigest(),
            recipe=tuned.recipe,
            curve=tuple(
                (each.steps, each.accuracy, each.loss if isfinite(each.loss) else None)
                for each in tuned.curve
            ),
        )


@contextmanager
def new_checkpoint(workspace: Workspace) -> Iterator[Path]:
    """Give a place on the store's disk to write a checkpoint to; what is left there is removed.

    What killed processes left in the folder is swept first: see `sweep_partials` and
    `sweep_experts`.
    """
    folder = workspace.path / _FOLDER
    sweep_partials(folder)
    sweep_experts(workspace)
    path = folder / f".{new_id('mdl')}.{os.getpid()}.partial"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def register_tuned(
    workspace: Workspace,
    tuned: Tuned,
    path: Path,
    *,
    name: str,
    start: Model,
    task: StoredTask,
    id_: str,
    connection: Connection,
) -> Model:
    """Take a checkpoint into the store: the expert, and the outcome of where it started.

    Both are stored in the transaction of ``connection``. ``path``, on the store's disk and synced,
    is moved; when anything fails, nothing is left in its place, and when the commit does,
    `sweep_experts` is to be called. ``id_`` is the expert's. There is no outcome where nothing was
    held out.

    Raises `WeightsError` for a file that is not the checkpoint that was described, or states what
    no expert does, `NameTakenError` when the name is taken.
    """
    check_hash(path, tuned.sha256)
    check_finite(path)
    stated, preprocessing = _checked(path)
    if stated.architecture != start.architecture:
        raise WeightsError(
            "The checkpoint is no expert of its starting model",
            expected=f"the architecture {start.architecture}",
            got=f"{stated.architecture:.{LONGEST_NAME}}",
        )
    expert = Model(
        id=id_,
        name=name,
        ref=f"{STORED}{_FOLDER}/{id_}.safetensors",
        architecture=start.architecture,
        task=task.id,
        parameters=count_parameters(path),
        input_size=preprocessing.input_size,
        licence=stated.licence,
        created="",
        sha256=tuned.sha256,
        start=start.id,
        lineage=_lineage(start),
    )
    store = workspace.store(create=True)
    target = workspace.path / _FOLDER / f"{id_}.safetensors"
    stored = store.models.add_within(connection, expert)
    if tuned.accuracy is not None and stored.task is not None:
        new = StoredOutcome(
            model=start.id,
            task=stored.task,
            accuracy=tuned.accuracy,
            interval=tuned.interval,
            protocol=tuned.protocol,
            images=len(tuned.correct),
            seed=tuned.settings.seed,
            details=TunedDetails.of(tuned, expert=stored.id, task=task).model_dump(mode="json"),
        )
        store.outcomes.add_within(connection, [new])
    # Last: only the commit can still fail once the file is there.
    try:
        move_into_place(path, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return stored


def _lineage(start: Model) -> tuple[str, ...]:
    """Return the tasks whose images a model has seen that is fine-tuned from this one."""
    own = () if start.task is None else (start.task,)
    return tuple(dict.fromkeys((*own, *start.lineage)))


def _checked(path: Path) -> tuple[_Stated, Preprocessing]:
    """Return what a checkpoint states that somebody sent: it is stored, and shown to others."""
    try:
        stated = _Stated.model_validate_json(_text(path))
        preprocessing = Preprocessing(**stated.preprocessing)
        if stated.licence is not None and not is_name(stated.licence):
            raise ValueError(f"the licence {stated.licence!r:.{LONGEST_NAME}}")
    except ValidationError as error:
        raise _not_understood(path, first_fault(error)) from error
    except (SettingError, TypeError, ValueError, OverflowError) as error:
        raise _not_understood(path, str(error)) from error
    return stated, preprocessing


def stated_by(path: Path) -> Mapping[str, Any]:
    """Return what a checkpoint states of itself, also one that an earlier version took in.

    Raises `WeightsError` for a file that cannot be read or understood.
    """
    try:
        return dict(json.loads(_text(path)))
    except (ValueError, TypeError) as error:
        raise _not_understood(path, str(error)) from error


def _text(path: Path) -> str:
    return read_metadata(path).get("task2vec", "{}")


def _not_understood(path: Path, got: str) -> WeightsError:
    return WeightsError(
        f"What {path.name} states of itself cannot be understood",
        expected="the checkpoint of an expert",
        got=got,
    )


def drop_checkpoints(workspace: Workspace, models: list[Model]) -> None:
    """Remove the checkpoints that the store keeps of these models."""
    for model in models:
        path = checkpoint(workspace, model)
        if path is not None:
            path.unlink(missing_ok=True)


def sweep_partials(folder: Path) -> None:
    """Remove checkpoints that a killed process left half written; its number is in their name."""
    for partial in folder.glob(".*.partial"):
        owner = partial.name.split(".")[-2]
        try:
            os.kill(int(owner), 0)
        except (ValueError, ProcessLookupError):
            partial.unlink(missing_ok=True)
        except PermissionError:
            continue


def sweep_experts(workspace: Workspace, now: float | None = None) -> int:
    """Put the checkpoints that have no record into quarantine; return how many.

    A checkpoint is moved into place within the transaction that stores its record: another
    transaction sees none without its record but those that a failure or a kill left behind, and
    those whose record was lost with a database.
    """
    now = time() if now is None else now
    store = workspace.store()
    swept = 0
    # While the store is busy or the disk is full they may stay.
    with suppress(StoreError, OSError), store.transaction():
        known = {f"{model.id}.safetensors" for model in store.models.list()}
        for path in sorted((workspace.path / _FOLDER).glob("mdl_*.safetensors")):
            if path.name not in known:
                put_aside(workspace.path, path, now=now)
                swept += 1
    return swept
