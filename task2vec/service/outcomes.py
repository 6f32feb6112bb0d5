"""What fine-tuning gave: recording it, reading it, and taking it back."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from task2vec.data.outcome_file import read_outcomes
from task2vec.data.wording import few, plural, shown, typed
from task2vec.errors import InputError, UnknownNameError
from task2vec.messages.outcomes import (
    NewOutcome,
    NewOutcomes,
    Outcome,
    OutcomeFilter,
    StoredOutcome,
)
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.outcomes import repeats_among, unused_warning
from task2vec.service.models.zoo import get_model
from task2vec.service.workspace import Part, Workspace
from task2vec.store.store import Store
from task2vec.store.tables.outcomes import Named
from task2vec.types import Space


def add_outcomes(workspace: Workspace, question: NewOutcomes) -> list[Outcome]:
    """Record all outcomes of stored tasks, or none of them.

    Raises `UnknownNameError` for a model or task that is not there, `StoreError` without a store.
    """
    return _add(workspace, [*map(_naming(workspace), question.outcomes)])


def import_outcomes(workspace: Workspace, path: Path) -> list[Outcome]:
    """Record all outcomes of a CSV file, or none of them.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault, `StoreError` without a store or when it fails.
    """
    rows = read_outcomes(path)
    outcomes, known = [], _naming(workspace)
    for line, outcome in rows:
        try:
            outcomes.append(known(outcome))
        # What ails the store is no fault of the line.
        except UnknownNameError as error:
            raise InputError(f"Line {line} of {path}: {error}") from error
    return _add(workspace, outcomes)


def page_of_outcomes(
    workspace: Workspace, question: OutcomeFilter, *, limit: int | None = None, after: int = 0
) -> Part[Outcome]:
    """Return up to ``limit`` outcomes from behind the place ``after``, in the order they came.

    Raises `UnknownNameError` for a ``model`` or ``task`` that is not there, `SettingError` when
    ``created`` is no moment.
    """
    store = workspace.store()
    if question.model is not None:
        # The zoo also knows the models of installed packages.
        model = get_model(workspace, question.model).id
        question = question.model_copy(update={"model": model})
    found, place = store.outcomes.page(question, limit=limit, after=after)
    return Part(_shown(found, store.outcomes.alike(_bare(found))), place)


def get_outcome(workspace: Workspace, id_: str) -> Outcome:
    """Return one outcome by its id; raises `UnknownNameError`."""
    store = workspace.store()
    found = store.outcomes.named([id_])
    (outcome,) = _shown(found, store.outcomes.alike(_bare(found)))
    return outcome


def remove_outcomes(workspace: Workspace, ids: Sequence[str]) -> list[Outcome]:
    """Remove all outcomes of these ids or none; return what they were, in the order of the ids.

    Raises `UnknownNameError` naming an id that no outcome has.
    """
    store = workspace.store()
    with store.transaction() as connection:
        found = store.outcomes.named_within(connection, ids)
        outcomes = _bare(found)
        alike = store.outcomes.alike_within(connection, outcomes)
        store.outcomes.remove_within(connection, outcomes)
    return _shown(found, alike)


def unused_outcomes(store: Store, unused: Sequence[StoredOutcome]) -> list[str]:
    """Return the warning that outcomes give no gain (`GainTable.unused`), [] for none of them."""

    def name_of(task: str) -> str:
        try:
            return store.tasks.get(task).name
        except UnknownNameError:
            # Removed since, and the outcomes with it.
            return task

    return unused_warning(unused, DEFAULT_PROBE, name_of=name_of)


def outcomes_elsewhere(store: Store, gains: GainTable, space: Space) -> list[str]:
    """Return the warning that gains on tasks of other spaces are not used, [] for none of them."""
    others = sorted(
        record.name
        for record in store.tasks.list()
        if record.id in gains.tasks
        and record.provenance.space != space
        # A bundle may bring tasks of several spaces: people use those of their own.
        and record.bundle is None
    )
    if not others:
        return []
    return [
        f"the outcomes on {plural(len(others), 'task')} are not used: {few(others, shown)}. "
        "Another probe or other settings embedded them, so they cannot be compared with this task. "
        f"To see the outcomes: `task2vec outcomes list --task {typed(others[0])}`"
    ]


def _add(workspace: Workspace, new: Sequence[Named]) -> list[Outcome]:
    store = workspace.store(create=True)
    # What they repeat is read before anybody can remove it: it is true when they are recorded.
    with store.transaction() as connection:
        added = store.outcomes.add_within(connection, _bare(new))
        alike = store.outcomes.alike_within(connection, added)
    named = [(outcome, model, task) for outcome, (_, model, task) in zip(added, new, strict=True)]
    return _shown(named, alike)


def _bare(found: Sequence[Named]) -> list[StoredOutcome]:
    return [outcome for outcome, _, _ in found]


def _shown(found: Sequence[Named], alike: Sequence[StoredOutcome]) -> list[Outcome]:
    """Return outcomes with the names of models and tasks, and with what they repeat."""
    repeats = repeats_among(alike)
    return [
        Outcome.model_validate(
            {**dict(outcome), "model": model, "task": task, "repeats": repeats.get(outcome.id)}
        )
        for outcome, model, task in found
    ]


def _naming(workspace: Workspace) -> Callable[[NewOutcome], Named]:
    """Return what gives an outcome the ids of its model and task, each name looked up once.

    Raises `UnknownNameError`, as that does.
    """
    task_of = cache(workspace.store().tasks.get)
    model_of = cache(partial(get_model, workspace))

    def known(new: NewOutcome) -> Named:
        try:
            model = model_of(new.model)
        except UnknownNameError as error:
            try:
                task_of(new.model)
                model_of(new.task)
            except UnknownNameError:
                raise error from None
            raise UnknownNameError(
                f"'{new.model}' is a task and '{new.task}' a model",
                expected="the model first, then the task",
                got="the task first",
                remedy="Swap the two.",
            ) from error
        task = task_of(new.task)
        stored = StoredOutcome.model_validate({**dict(new), "model": model.id, "task": task.id})
        return stored, model.name, task.name

    return known
