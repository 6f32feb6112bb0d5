"""Writing a bundle: what may be told of tasks, and nothing of where their images lie."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from task2vec.embedding.bundle import BundleContent, BundledOutcome, BundledTask
from task2vec.embedding.bundle_file import write_bundle
from task2vec.embedding.rounding import smaller
from task2vec.errors import InputError, SettingError, StateError, TooLargeError, UnknownNameError
from task2vec.messages.base import utc_now
from task2vec.messages.bundles import MOST_BUNDLED, Bundle, BundleExport
from task2vec.messages.tasks import StoredTask, TaskListing
from task2vec.service.bundles.usable import packaged_weights
from task2vec.service.packaged_models import packaged_models
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import time_text
from task2vec.store.store import Store
from task2vec.types import TaskEmbedding
from task2vec.types.near_names import did_you_mean


def export_bundle(workspace: Workspace, question: BundleExport, path: Path) -> Bundle:
    """Write tasks of one's own, with the outcomes of packaged models on them, to a file.

    Written are embeddings with their replicates, class scatters, heads, and what class is taken for
    which; names, tags, class names and licences as the question says. Not written are images,
    sources, warnings of the embedder, which may name files, experts, and what an outcome's details
    say of how it came about.

    Raises `UnknownNameError`, `StateError` for a task that came with a bundle, `InputError` where
    there is no task, or the file cannot be written.
    """
    store = workspace.store()
    records = _records(store, question)
    licences = _licences(question, records)
    tasks = [
        BundledTask(
            name=record.name,
            embedding=_anonymous(store.tasks.embedding(record.id), question),
            tags=record.tags,
            licence=licences.get(record.id),
            hashes=store.tasks.image_hashes(record.id) if question.image_hashes else None,
            details=store.tasks.details(record.id),
        )
        for record in records
    ]
    if question.small:
        tasks = [smaller(task) for task in tasks]
    models, outcomes = _outcomes(store, records)
    content = BundleContent(
        name=question.name,
        version=question.version,
        maker=question.maker,
        created=time_text(utc_now()),
        models=models,
        tasks=tasks,
        outcomes=outcomes,
    )
    digest = write_bundle(content, path)
    return replace(content, sha256=digest).record()


def _records(store: Store, question: BundleExport) -> list[StoredTask]:
    if question.tasks:
        records = [store.tasks.get(name) for name in dict.fromkeys(question.tasks)]
        # A name and the id of one task are one task.
        records = list({record.id: record for record in records}.values())
    else:
        records = store.tasks.list(TaskListing(bundles=False))
    if question.tag is not None:
        records = [record for record in records if question.tag in record.tags]
    for record in records:
        if record.bundle is not None:
            raise StateError(
                f"Task '{record.name}' came with the bundle {record.bundle}",
                expected="tasks of your own",
                remedy=f"Share the file of {record.bundle} beside yours.",
            )
    if not records:
        raise InputError(
            "There is no task to share",
            expected="at least one task of your own",
            got="none" if question.tag is None else f"none with the tag '{question.tag}'",
            remedy="Embed one: `task2vec embed FOLDER`.",
        )
    if len(records) > MOST_BUNDLED:
        raise TooLargeError(
            "These are too many tasks for one bundle",
            expected=f"at most {MOST_BUNDLED:,}",
            got=f"{len(records):,}",
            remedy="Choose some of them by a tag: `--tag TAG`.",
        )
    return records


def _licences(question: BundleExport, records: list[StoredTask]) -> dict[str, str]:
    """Return the notes on licences by the id of the task; raises for one of no task."""
    by_name = {name: record.id for record in records for name in (record.name, record.id)}
    for name, text in question.licences.items():
        if name not in by_name:
            raise UnknownNameError(
                f"There is a licence for '{name}', which is none of these tasks",
                remedy=did_you_mean(name, [record.name for record in records]),
            )
        _check_text(text)
    found = {}
    if question.licence is not None:
        _check_text(question.licence)
        found = dict.fromkeys(by_name.values(), question.licence)
    return found | {by_name[name]: text for name, text in question.licences.items()}


def _check_text(text: str) -> None:
    if not text.isprintable():
        raise SettingError(
            "This licence cannot be used", expected="printable characters", got=repr(text[:100])
        )


def _anonymous(embedding: TaskEmbedding, question: BundleExport) -> TaskEmbedding:
    """Return an embedding without its warnings, which may name files, and class names if asked."""
    provenance = embedding.provenance
    changes: dict[str, object] = {"warnings": ()}
    if not question.class_names:
        changes["class_names"] = tuple(str(i + 1) for i in range(provenance.classes))
    return TaskEmbedding(
        values=embedding.values,
        errors=embedding.errors,
        replicates=embedding.replicates,
        provenance=provenance.model_copy(update=changes),
    )


def _outcomes(
    store: Store, records: list[StoredTask]
) -> tuple[Mapping[str, str], list[BundledOutcome]]:
    """Return the weights of packaged models that have outcomes on tasks, and these outcomes.

    Of other models nobody else could tell which they are.
    """
    weights = packaged_weights()
    names = {model.id: model.name for model in packaged_models() if model.name in weights}
    tasks = {record.id: record.name for record in records}
    found = list(_told(store, names, tasks))
    used = {outcome.model for outcome in found}
    return {name: digest for name, digest in weights.items() if name in used}, found


def _told(
    store: Store, models: Mapping[str, str], tasks: Mapping[str, str]
) -> Iterator[BundledOutcome]:
    for outcome in store.outcomes.list():
        if outcome.model in models and outcome.task in tasks:
            yield BundledOutcome(
                model=models[outcome.model],
                task=tasks[outcome.task],
                accuracy=outcome.accuracy,
                interval=None if outcome.interval is None else list(outcome.interval),
                protocol=outcome.protocol,
                images=outcome.images,
                seed=outcome.seed,
            )
