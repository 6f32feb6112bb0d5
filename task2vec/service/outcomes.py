"""Recording what fine-tuning gave."""

from collections.abc import Sequence
from pathlib import Path

from task2vec.errors import InputError, UnknownNameError
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.recommend.unused import unused_warning
from task2vec.service.outcome_file import Measured, read_outcomes
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import get_model
from task2vec.store.store import Store
from task2vec.types import Outcome


def add_outcome(workspace: Workspace, measured: Measured) -> Outcome:
    """Record one outcome of a stored task.

    Raises `UnknownNameError` for a model or task that is not there, `StoreError` without a store.
    """
    outcome = _Naming(workspace).outcome(measured)
    return workspace.store(create=True).outcomes.add(outcome)


def import_outcomes(workspace: Workspace, path: Path) -> list[Outcome]:
    """Record all outcomes of a CSV file, or none of them.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault, `StoreError` without a store or when it fails.
    """
    rows = read_outcomes(path)
    outcomes, naming = [], _Naming(workspace)
    for line, measured in rows:
        try:
            outcomes.append(naming.outcome(measured))
        # What ails the store is no fault of the line.
        except UnknownNameError as error:
            raise InputError(f"Line {line} of {path}: {error}") from error
    return workspace.store(create=True).outcomes.add_many(outcomes)


def unused_outcomes(store: Store, unused: Sequence[Outcome]) -> list[str]:
    """Return the warning that outcomes give no gain (`GainTable.unused`), [] for none of them."""

    def name_of(task: str) -> str:
        try:
            return store.tasks.get(task).name
        except UnknownNameError:
            # Removed since, and the outcomes with it.
            return task

    return unused_warning(unused, DEFAULT_PROBE, name_of=name_of)


class _Naming:
    """Models and tasks by the names of a file, each looked up once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store()
        self._models: dict[str, str] = {}
        self._tasks: dict[str, str] = {}

    def outcome(self, measured: Measured) -> Outcome:
        """Return an outcome of known ids; raises `UnknownNameError`."""
        if measured.model not in self._models:
            self._models[measured.model] = get_model(self._workspace, measured.model).id
        if measured.task not in self._tasks:
            self._tasks[measured.task] = self._store.tasks.get(measured.task).id
        return Outcome(
            id="",
            model=self._models[measured.model],
            task=self._tasks[measured.task],
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
