"""Recording what fine-tuning gave."""

from collections.abc import Sequence
from pathlib import Path

from task2vec.errors import InputError, UnknownNameError
from task2vec.recommend.evidence.duplicate_outcomes import repeats_among
from task2vec.service.models.zoo import get_model
from task2vec.service.outcomes.outcome_file import Measured, read_outcomes
from task2vec.service.outcomes.outcomes import NamedOutcome
from task2vec.service.workspace import Workspace
from task2vec.types import ModelRecord, Outcome, TaskRecord


def add_outcomes(workspace: Workspace, measured: Sequence[Measured]) -> list[NamedOutcome]:
    """Record all outcomes of stored tasks, or none of them.

    Raises `UnknownNameError` for a model or task that is not there, `StoreError` without a store.
    """
    naming = _Naming(workspace)
    return _add(workspace, [naming.named(one) for one in measured])


def import_outcomes(workspace: Workspace, path: Path) -> list[NamedOutcome]:
    """Record all outcomes of a CSV file, or none of them.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault, `StoreError` without a store or when it fails.
    """
    rows = read_outcomes(path)
    outcomes, naming = [], _Naming(workspace)
    for line, measured in rows:
        try:
            outcomes.append(naming.named(measured))
        # What ails the store is no fault of the line.
        except UnknownNameError as error:
            raise InputError(f"Line {line} of {path}: {error}") from error
    return _add(workspace, outcomes)


def _add(workspace: Workspace, new: Sequence[NamedOutcome]) -> list[NamedOutcome]:
    store = workspace.store(create=True)
    # What they repeat is read before anybody can remove it: it is true when they are recorded.
    with store.transaction() as connection:
        added = store.outcomes.add_many_within(connection, [each.outcome for each in new])
        repeats = repeats_among(store.outcomes.alike_within(connection, added))
    return [
        NamedOutcome(outcome, each.model, each.task, repeats.get(outcome.id))
        for outcome, each in zip(added, new, strict=True)
    ]


class _Naming:
    """Models and tasks by the names that somebody gave, each looked up once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store()
        self._models: dict[str, ModelRecord] = {}
        self._tasks: dict[str, TaskRecord] = {}

    def named(self, measured: Measured) -> NamedOutcome:
        """Return an outcome of known ids; raises `UnknownNameError`."""
        if measured.model not in self._models:
            try:
                self._models[measured.model] = get_model(self._workspace, measured.model)
            except UnknownNameError as error:
                if self._are_swapped(measured):
                    raise UnknownNameError(
                        f"'{measured.model}' is a task and '{measured.task}' a model",
                        expected="the model first, then the task",
                        got="the task first",
                        remedy="Swap the two.",
                    ) from error
                raise
        if measured.task not in self._tasks:
            self._tasks[measured.task] = self._store.tasks.get(measured.task)
        model, task = self._models[measured.model], self._tasks[measured.task]
        outcome = Outcome(
            id="",
            model=model.id,
            task=task.id,
            accuracy=measured.accuracy,
            protocol=measured.protocol,
            images=measured.images,
            seed=measured.seed,
        )
        return NamedOutcome(outcome, model.name, task.name)

    def _are_swapped(self, measured: Measured) -> bool:
        """Return whether what was given as the model is a task, and the other way round."""
        try:
            self._store.tasks.get(measured.model)
            get_model(self._workspace, measured.task)
        except UnknownNameError:
            return False
        return True
