"""What fine-tuning gave, as it is recorded: reading it, and taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from task2vec.data.wording import few, plural, shown, typed
from task2vec.errors import UnknownNameError
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.recommend.evidence.duplicate_outcomes import repeats_among
from task2vec.recommend.evidence.gains import GainTable
from task2vec.recommend.evidence.outcomes_without_baseline import unused_warning
from task2vec.service.models.zoo import get_model
from task2vec.service.workspace import Workspace
from task2vec.store.store import Store
from task2vec.types import Outcome, Space


@dataclass(frozen=True)
class NamedOutcome:
    """An outcome with the names of its model and its task.

    ``repeats`` is the id of the first outcome that says the same, None where this is the first.
    """

    outcome: Outcome
    model: str
    task: str
    repeats: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields, model and task by name."""
        more = {"model": self.model, "task": self.task, "repeats": self.repeats}
        return {**self.outcome.to_json(), **more}


@dataclass(frozen=True)
class OutcomePage:
    """Some outcomes in the order in which they came; ``next`` is where to read on, or None."""

    outcomes: tuple[NamedOutcome, ...]
    next: int | None


def page_of_outcomes(
    workspace: Workspace,
    *,
    limit: int,
    after: int = 0,
    model: str | None = None,
    task: str | None = None,
    protocol: str | None = None,
    created: str | None = None,
) -> OutcomePage:
    """Return up to ``limit`` outcomes from behind the place ``after``.

    Only those of a ``model``, a ``task``, a ``protocol``, or ``created`` at one moment. Raises
    `UnknownNameError` for a ``model`` or ``task`` that is not there, `SettingError` when
    ``created`` is no moment.
    """
    store = workspace.store()
    found, place = store.outcomes.page(
        limit=limit,
        after=after,
        model=None if model is None else get_model(workspace, model).id,
        task=task,
        protocol=protocol,
        created=created,
    )
    return OutcomePage(tuple(_told(found, store.outcomes.alike(_bare(found)))), place)


def list_outcomes(
    workspace: Workspace,
    *,
    model: str | None = None,
    task: str | None = None,
    protocol: str | None = None,
    created: str | None = None,
) -> list[NamedOutcome]:
    """Return all outcomes, or those of a model, a task, a protocol, or recorded at one moment.

    Raises as `page_of_outcomes`.
    """
    store = workspace.existing_store()
    if store is None:
        return []
    found, _ = store.outcomes.page(
        model=None if model is None else get_model(workspace, model).id,
        task=task,
        protocol=protocol,
        created=created,
    )
    return _told(found, store.outcomes.alike(_bare(found)))


def get_outcome(workspace: Workspace, id_: str) -> NamedOutcome:
    """Return one outcome by its id; raises `UnknownNameError`."""
    store = workspace.store()
    found = store.outcomes.named([id_])
    (outcome,) = _told(found, store.outcomes.alike(_bare(found)))
    return outcome


def remove_outcomes(workspace: Workspace, ids: Sequence[str]) -> list[NamedOutcome]:
    """Remove all outcomes of these ids or none; return what they were, in the order of the ids.

    Raises `UnknownNameError` naming an id that no outcome has.
    """
    store = workspace.store()
    with store.transaction() as connection:
        found = store.outcomes.named_within(connection, ids)
        outcomes = _bare(found)
        alike = store.outcomes.alike_within(connection, outcomes)
        store.outcomes.remove_within(connection, outcomes)
    return _told(found, alike)


def unused_outcomes(store: Store, unused: Sequence[Outcome]) -> list[str]:
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
        if record.id in gains.tasks and record.provenance.space != space
    )
    if not others:
        return []
    return [
        f"the outcomes on {plural(len(others), 'task')} are not used: {few(others, shown)}. "
        "Another probe or other settings embedded them, so they cannot be compared with this task. "
        f"To see the outcomes: `task2vec outcomes list --task {typed(others[0])}`"
    ]


def _bare(found: Sequence[tuple[Outcome, str, str]]) -> list[Outcome]:
    return [outcome for outcome, _, _ in found]


def _told(
    found: Sequence[tuple[Outcome, str, str]], alike: Sequence[Outcome]
) -> list[NamedOutcome]:
    repeats = repeats_among(alike)
    return [NamedOutcome(*each, repeats.get(each[0].id)) for each in found]
