"""What is stored, page by page; and what of it can change."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from task2vec.errors import RefusedAddressError, StateError
from task2vec.probe.card_subprocess import find_card_apart
from task2vec.probe.registry import known_cards
from task2vec.service.models.zoo import add_model, check_as_shown, get_model, list_models
from task2vec.service.packaged_models import packaged_models
from task2vec.service.workspace import Workspace
from task2vec.types import ModelRecord, TaskRecord
from task2vec.types.names import MODEL_REFERENCE


@dataclass(frozen=True)
class TaskPage:
    """Some tasks by name; ``next`` is the name to read on behind, None at the end."""

    tasks: tuple[TaskRecord, ...]
    next: str | None


@dataclass(frozen=True)
class ModelPage:
    """Some models by name; ``next`` is the name to read on behind, None at the end."""

    models: tuple[ModelRecord, ...]
    next: str | None


def list_tasks(
    workspace: Workspace,
    *,
    limit: int,
    after: str | None = None,
    probe: str | None = None,
    tag: str | None = None,
    name: str | None = None,
) -> TaskPage:
    """Return up to ``limit`` tasks from behind the name ``after``, or the one of this ``name``."""
    found = workspace.store().tasks.page(
        limit=limit + 1, after=after, probe=probe, tag=tag, name=name
    )
    return TaskPage(tuple(found[:limit]), found[limit - 1].name if len(found) > limit else None)


def task_details(task: TaskRecord) -> dict[str, Any]:
    """Return a task's stable fields with its provenance and when it was embedded."""
    return {
        **task.to_json(),
        "provenance": task.provenance.model_dump(),
        "created": task.created,
    }


def edit_task(
    workspace: Workspace,
    name_or_id: str,
    *,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    check: Callable[[TaskRecord], None] | None = None,
) -> TaskRecord:
    """Rename or tag a task; what is None stays. ``check`` may stop it, having seen the record.

    Raises `UnknownNameError`, `NameTakenError`, `SettingError` for an unusable name.
    """
    return workspace.store().tasks.edit(name_or_id, name=name, tags=tags, check=check)


def page_of_models(workspace: Workspace, *, limit: int, after: str | None = None) -> ModelPage:
    """Return up to ``limit`` models from behind the name ``after``."""
    models = sorted(list_models(workspace), key=lambda model: model.name)
    found = [model for model in models if after is None or model.name > after]
    return ModelPage(tuple(found[:limit]), found[limit - 1].name if len(found) > limit else None)


def edit_model(
    workspace: Workspace,
    name_or_id: str,
    *,
    name: str | None = None,
    licence: str | None = None,
    check: Callable[[ModelRecord], None] | None = None,
) -> ModelRecord:
    """Rename a model or state its licence; what is None stays. ``check`` may stop it.

    Raises `UnknownNameError`, `NameTakenError`, `SettingError` for an unusable name, and
    `StateError` for a packaged model, which is the same in every store.
    """
    model = get_model(workspace, name_or_id)
    if model.id in {packaged.id for packaged in packaged_models()}:
        raise StateError(
            f"{model.name} cannot be edited: it comes with an installed package",
            expected="a model that was added to this store",
        )
    edited = workspace.store().models.edit(
        model.id, name=name, licence=licence, check=check_as_shown(model, check)
    )
    return replace(edited, parameters=model.parameters)


def add_named_model(
    workspace: Workspace, ref: str, *, name: str | None = None, task: str | None = None
) -> ModelRecord:
    """Register a starting model for somebody who must not name files of this machine.

    Raises as `task2vec.service.models.zoo.add_model`, and `RefusedAddressError` for a reference
    that is neither ``timm:NAME`` nor ``hf-hub:ORG/NAME``.
    """
    if not re.fullmatch(MODEL_REFERENCE, ref):
        raise RefusedAddressError(
            "This is no reference that a server takes",
            expected="timm:NAME or hf-hub:ORG/NAME",
            got=repr(ref[:100]),
            remedy="Packaged models are registered from the start; experts by fine-tuning.",
        )
    # timm brings torch with it, which must not be loaded beside FAISS.
    return add_model(workspace, ref, name=name, task=task, find=find_card_apart)


def list_probes(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what is known of the probes that have a name.

    How many filters a probe has is known once a task was embedded with it.
    """
    tasks = workspace.store().tasks
    found = []
    for card in known_cards():
        embedded = tasks.page(limit=1, probe=card.name)
        found.append(
            {
                **asdict(card),
                # A file of this machine is nobody else's business.
                "weights": None if card.weights.startswith("file:") else card.weights,
                "input_size": card.preprocessing.input_size,
                "filters": tasks.embedding(embedded[0].id).values.size if embedded else None,
                "packaged": card.packaged,
            }
        )
    return found
