"""Checks questions that take a job, and says what a job for each of them is about."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from task2vec.data.containers.archives import ARCHIVES
from task2vec.errors import (
    NameTakenError,
    SettingError,
    SourceError,
    TooLargeError,
    UnknownNameError,
)
from task2vec.finetune.classless import no_classes
from task2vec.probe.registry import DEFAULT_PROBE, known_cards
from task2vec.service.models.experts import STORED
from task2vec.service.models.limits import Limits
from task2vec.service.models.zoo import check_model_name, get_model
from task2vec.service.predicting import expert_file
from task2vec.service.tasks.dataset_sources import (
    dataset_of,
    labelled_dataset,
    name_taken,
    same_bytes,
)
from task2vec.service.tasks.subjects import files_signature
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
from task2vec.types import DatasetRecord, JobKind, TaskRecord
from task2vec.types.backtests import Folds
from task2vec.types.near_names import did_you_mean

#: As many images, and probabilities of all of them together, as one answer holds.
MOST_PREDICTED = 10_000
_MOST_PROBABILITIES = 250_000
_SETTINGS = {
    "probe": DEFAULT_PROBE,
    "images": 300,
    "estimator": "principal",
    "draws": 1,
    "standard_error": None,
    "seed": 0,
}


@dataclass(frozen=True)
class Checked:
    """A question that can be worked on.

    ``payload`` is the question with names resolved; ``answer`` is there when it needs no work.
    """

    payload: Mapping[str, Any]
    name: str
    datasets: tuple[DatasetRecord, ...] = ()
    answer: Mapping[str, Any] | None = None


def check_question(workspace: Workspace, kind: JobKind, question: Mapping[str, Any]) -> Checked:
    """Return what a job for the question is about.

    Raises:
        UnknownNameError: for a data set, task, model or probe that is not there.
        NameTakenError: when what it would make has the name of something else.
        SourceError: when the images of a stored task are no longer here.
        SettingError: for anything else that could not be worked on.
    """
    return _CHECKS[kind](workspace, question)


def same_as(kind: JobKind, checked: Checked) -> str:
    """Return text that is equal for questions with the same answer.

    A data set counts by its bytes: it may have been sent twice.
    """
    about = {k: v for k, v in checked.payload.items() if k not in ("priority", "dataset")}
    digests = [dataset.sha256 for dataset in checked.datasets]
    text = json.dumps([kind.value, about, digests], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def settings_of(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a data set is embedded, what is left out at its default."""
    return {**_SETTINGS, **(question.get("settings") or {})}


def source_signature(sha256: str, settings: Mapping[str, Any]) -> str:
    """Return text that is equal for equal bytes that are embedded in the same way."""
    how = json.dumps({**_SETTINGS, **settings}, sort_keys=True)
    return f"{files_signature(sha256)}:{hashlib.sha256(how.encode()).hexdigest()[:16]}"


def _check_settings(question: Mapping[str, Any]) -> dict[str, Any]:
    settings = settings_of(question)
    names = [card.name for card in known_cards()]
    if settings["probe"] not in names:
        mean = did_you_mean(str(settings["probe"]), names)
        raise UnknownNameError(
            f"This server has no probe named '{settings['probe']}'",
            remedy=f"{mean or ''} A server embeds with probes that have a name alone, and this "
            f"one has {', '.join(names)}; a local store takes references too.".strip(),
        )
    return settings


def stored_already(
    workspace: Workspace, question: Mapping[str, Any], *, sha256: str
) -> TaskRecord | None:
    """Return the task that an embedding of these bytes would leave as it is, if there is one.

    Raises:
        UnknownNameError: for a probe that is not there.
        SettingError: for a name that cannot be used.
        NameTakenError: when another task has the name and the question has no ``update``.
    """
    settings, name = _check_settings(question), question["name"]
    check_name(name, new=False)
    known = workspace.store().tasks.named(name)
    check_name(name, new=known is None)
    if known is None or known.source_signature == source_signature(sha256, settings):
        return known
    if not question.get("update"):
        raise NameTakenError.of_task(name)
    return None


def _embed(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    dataset = labelled_dataset(workspace, question["dataset"])
    settings = _check_settings(question)
    name = question.get("name") or dataset.name
    known = stored_already(workspace, {**question, "name": name}, sha256=dataset.sha256)
    answer = None if known is None else {**known.to_json(), "status": "unchanged"}
    payload = {**question, "dataset": dataset.id, "name": name, "settings": settings}
    return Checked(payload, name, (dataset,), answer)


def _search(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    dataset = labelled_dataset(workspace, _given(question, "dataset"))
    payload = {**question, "dataset": dataset.id, "settings": _check_settings(question)}
    answer = None
    if not workspace.store().tasks.page(limit=1):
        # It need not be embedded to know that nothing is near it.
        answer = {"task": dataset.name, "neighbours": [], "warnings": []}
    return Checked(payload, dataset.name, (dataset,), answer)


def _distances(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    store = workspace.store()
    payload = {**question, "settings": _check_settings(question)}
    names, datasets = [], []
    for side in ("source", "target"):
        asked = question[side]
        if asked.get("dataset") is not None:
            datasets.append(labelled_dataset(workspace, asked["dataset"]))
            payload[side] = {"task": None, "dataset": datasets[-1].id}
            names.append(datasets[-1].name)
        else:
            task = store.tasks.get(_given(asked, "task"))
            payload[side] = {"task": task.id, "dataset": None}
            names.append(task.name)
    if not datasets:
        raise SettingError("The distance of two stored tasks takes no job")
    return Checked(payload, " to ".join(names), tuple(datasets))


def _recommend(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    store = workspace.store()
    limits_of(question)
    payload = {**question, "settings": _check_settings(question)}
    if question.get("dataset") is not None:
        dataset = labelled_dataset(workspace, question["dataset"])
        return Checked({**payload, "dataset": dataset.id, "task": None}, dataset.name, (dataset,))
    task = store.tasks.get(_given(question, "task"))
    dataset = dataset_of(workspace, task)
    return Checked({**payload, "dataset": dataset.id, "task": task.id}, task.name, (dataset,))


def limits_of(question: Mapping[str, Any]) -> Limits:
    """Return what the recommended models must keep to; raises `SettingError`."""
    return Limits(
        max_parameters=question.get("max_parameters"),
        architecture=question.get("architecture"),
        licence=question.get("licence"),
        max_input_size=question.get("max_input_size"),
    )


def _finetune(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    store = workspace.store()
    if (question.get("task") is None) == (question.get("dataset") is None):
        raise SettingError(
            "What to fine-tune on is not clear", expected="either task or dataset, not both"
        )
    task: TaskRecord | None
    if question.get("task") is not None:
        task = store.tasks.get(question["task"])
        dataset = dataset_of(workspace, task)
    else:
        dataset = labelled_dataset(workspace, question["dataset"])
        task = store.tasks.named(dataset.name)
        check_name(dataset.name, new=task is None)
        if task is not None and not same_bytes(task, dataset):
            raise name_taken(dataset.name)
    start = get_model(workspace, question["start"])
    called = dataset.name if task is None else task.name
    name = question.get("name") or f"{called}-from-{start.name}"
    check_model_name(workspace, name)
    payload = {
        **question,
        "task": None if task is None else task.id,
        "dataset": dataset.id,
        "start": start.id,
        "name": name,
    }
    return Checked(payload, name, (dataset,))


def _predict(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    model = get_model(workspace, question["model"])
    if not model.ref.startswith(STORED):
        raise no_classes(model.name)
    _, card = expert_file(workspace, model)
    dataset = workspace.store().datasets.get(question["dataset"])
    if dataset.format not in ARCHIVES:
        raise SourceError(
            f"Data set {dataset.id} is no archive of image files",
            expected=f"one that ends in {', '.join(ARCHIVES)}",
            got=dataset.format,
        )
    classes = len(card.classes)
    most = max(1, min(MOST_PREDICTED, _MOST_PROBABILITIES // classes))
    if dataset.images > most:
        raise TooLargeError(
            "These are more images than one answer holds",
            expected=f"at most {most:,} images with {classes} classes",
            got=f"{dataset.images:,}",
            remedy="Send them in several data sets; `task2vec predict` does.",
        )
    return Checked({**question, "model": model.id, "dataset": dataset.id}, model.name, (dataset,))


def _fetch(_: Workspace, question: Mapping[str, Any]) -> Checked:
    check_name(question["name"])
    return Checked(dict(question), question["name"])


def _backtest(workspace: Workspace, question: Mapping[str, Any]) -> Checked:
    # Answers change with the outcomes: a question about others is another, also where one was
    # removed and one came in its place. No outcome ever changes, so that their ids tell.
    ids = "\n".join(outcome.id for outcome in workspace.store().outcomes.list())
    about = hashlib.sha256(ids.encode()).hexdigest()
    return Checked({"folds": question.get("folds") or Folds.TASK, "outcomes": about}, "outcomes")


def _given(question: Mapping[str, Any], field: str) -> str:
    value = question.get(field)
    if not isinstance(value, str):
        raise SettingError("The question is about nothing", expected=f"a {field}")
    return value


_CHECKS: Mapping[JobKind, Callable[[Workspace, Mapping[str, Any]], Checked]] = {
    JobKind.EMBED: _embed,
    JobKind.SEARCH: _search,
    JobKind.DISTANCES: _distances,
    JobKind.RECOMMEND: _recommend,
    JobKind.FINETUNE: _finetune,
    JobKind.FETCH: _fetch,
    JobKind.BACKTEST: _backtest,
    JobKind.PREDICT: _predict,
}
