"""Taking in a bundle as a whole, and removing it as a whole."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection

from task2vec.embedding.bundle import BundleContent, BundledTask
from task2vec.errors import InputError, NameTakenError, StateError, UnknownNameError
from task2vec.messages.bundles import (
    SHIPPED,
    Bundle,
    BundleImport,
    Bundles,
    ImportedBundle,
    ImportStatus,
)
from task2vec.messages.outcomes import StoredOutcome
from task2vec.service.bundles.shipped import shipped_beside, shipped_file
from task2vec.service.bundles.usable import usable_outcomes
from task2vec.service.disk import delete_though_full
from task2vec.service.models.experts import drop_checkpoints
from task2vec.service.parsing.bundles import read_checked
from task2vec.service.parsing.parsers import Parser
from task2vec.service.tasks.subjects import IMPORTED
from task2vec.service.tasks.tasks import task_record
from task2vec.service.workspace import Workspace
from task2vec.store.store import Store
from task2vec.types.names import LONGEST_NAME


def import_bundle(workspace: Workspace, question: BundleImport, path: Path) -> ImportedBundle:
    """Take in the bundle in a file, all of it or nothing; it is on disk when this returns.

    Its tasks are called ``BUNDLE/TASK``. Outcomes of models that are not packaged here, or with
    other weights, are left out with a warning. The same contents are taken in once.

    Raises:
        InputError: for what is no bundle, or one that cannot be; nothing is changed then.
        NameTakenError: for a bundle of the same name with other contents, unless ``update`` is set,
            and for a task that has the name of one of its own.
        SpaceMismatchError: for embeddings with another number of elements than those here.
        StateError: when, with ``update``, something hangs on the tasks of the earlier one.
    """
    workspace.parse(Parser.BUNDLE, path)
    content = read_checked(path)
    name = question.name or content.name
    _check_lengths(content.tasks, name)
    store = workspace.store(create=True)
    outcomes, warnings = usable_outcomes(content)
    with store.transaction() as connection:
        known = store.bundles.find_within(connection, sha256=content.sha256)
        if known is not None:
            return _told(known, ImportStatus.UNCHANGED, _kept_name(known.name, question.name))
        status = ImportStatus.IMPORTED
        if store.bundles.find_within(connection, name=name) is not None:
            if not question.update:
                raise NameTakenError(
                    f"There is another bundle named '{name}'",
                    remedy="Replace it with `--update`, or give this one another name with "
                    "`--name` (`update` and `name` in Python and over HTTP).",
                )
            _check_nothing_hangs(store, connection, name)
            store.bundles.remove_within(connection, name)
            status = ImportStatus.REPLACED
        added = _add(store, connection, content, name, outcomes)
    return _told(added, status, warnings)


def import_shipped(workspace: Workspace, name: str) -> ImportedBundle:
    """Take in the bundle of this name that ships with the package, as `import_bundle` does.

    Its tasks are then listed, searched and drawn like those of any other. Raises `UnknownNameError`
    for another name.
    """
    if name != SHIPPED:
        raise UnknownNameError(
            f"No bundle named '{name:.100}' ships with task2vec",
            expected=SHIPPED,
            remedy="A bundle of others is imported from its file: `task2vec bundle import FILE`.",
        )
    with shipped_file() as path:
        return import_bundle(workspace, BundleImport(), path)


def list_bundles(workspace: Workspace) -> Bundles:
    """Return the bundles of the store, by name, and before them what ships with the package."""
    store = workspace.existing_store()
    ours = shipped_beside(store)
    return Bundles(
        bundles=(
            *(() if ours is None else (ours.bundle,)),
            *(() if store is None else store.bundles.list()),
        )
    )


def remove_bundle(workspace: Workspace, name: str, *, cascade: bool = False) -> Bundle:
    """Remove a bundle with all that it brought; return what it was.

    With ``cascade`` what hangs on its tasks goes too: experts, their checkpoints, and outcomes that
    were recorded here. Raises `UnknownNameError`, and `StateError` when something hangs on them
    without ``cascade``, or for what ships with the package.
    """
    existing = workspace.existing_store()
    ours = shipped_beside(existing)
    imported = () if existing is None else existing.bundles.list()
    if ours is not None and name not in {bundle.name for bundle in imported}:
        _check_not_shipped(ours.bundle, name)
    store = workspace.store()

    def delete() -> Bundle:
        with store.transaction() as connection:
            bundle = store.bundles.get_within(connection, name)
            if not cascade:
                _check_nothing_hangs(store, connection, name)
            experts = store.bundles.hanging_within(connection, name).models
            store.bundles.remove_within(connection, name)
        drop_checkpoints(workspace, list(experts))
        return bundle

    return delete_though_full(workspace.path, delete)


def _add(
    store: Store,
    connection: Connection,
    content: BundleContent,
    name: str,
    outcomes: list[StoredOutcome],
) -> Bundle:
    ids = {}
    for task in content.tasks:
        embedding = task.embedding
        record = task_record(
            embedding,
            name=f"{name}/{task.name}",
            seconds=0.0,
            source=IMPORTED,
            source_signature=f"{IMPORTED}:{embedding.provenance.content_hash}",
            tags=task.tags,
            warnings=(f"came with the bundle {name}: its images are not known here",),
            bundle=name,
        )
        try:
            stored = store.tasks.add_within(
                connection, record, embedding, hashes=task.hashes, details=task.details
            )
        except NameTakenError as error:
            raise NameTakenError(
                f"There is a task named '{record.name}' already",
                remedy="Rename it, or give the bundle another name with `--name` (`name` in Python "
                "and over HTTP).",
            ) from error
        ids[task.name] = stored.id
    placed = [o.model_copy(update={"task": ids[o.task], "bundle": name}) for o in outcomes]
    store.outcomes.add_within(connection, placed)
    return store.bundles.add_within(
        connection,
        content.record().model_copy(update={"name": name, "outcomes": len(placed)}),
    )


def _check_lengths(tasks: Iterable[BundledTask], name: str) -> None:
    for task in tasks:
        if len(f"{name}/{task.name}") > LONGEST_NAME:
            raise InputError(
                f"The name of a task is too long beside that of the bundle, {name}",
                expected=f"at most {LONGEST_NAME} characters together",
                got=f"{task.name!r:.220}",
                remedy="Give the bundle a shorter name with `--name`.",
            )


def _check_nothing_hangs(store: Store, connection: Connection, name: str) -> None:
    hanging = store.bundles.hanging_within(connection, name)
    if hanging.models or hanging.outcomes:
        raise StateError(
            f"The bundle {name} cannot be removed alone",
            expected="no models or outcomes of your own that hang on its tasks",
            got=f"models: {len(hanging.models)}, outcomes: {hanging.outcomes}",
            remedy="Remove all together: "
            f"`task2vec bundle remove {name} --cascade` (`cascade` in Python and over HTTP).",
        )


def _check_not_shipped(bundle: Bundle, name: str) -> None:
    if bundle.name == name:
        raise StateError(
            f"The bundle {name} is a part of task2vec and cannot be removed",
            expected="a bundle that was imported",
            remedy="To answer without it: `task2vec recommend --no-bundles` (`bundles=False` in "
            "Python).",
        )


def _kept_name(here: str, wanted: str | None) -> tuple[str, ...]:
    if wanted is None or wanted == here:
        return ()
    return (f"the same contents are here as the bundle {here}, and keep that name",)


def _told(bundle: Bundle, status: ImportStatus, warnings: tuple[str, ...]) -> ImportedBundle:
    return ImportedBundle.model_validate({**dict(bundle), "status": status, "warnings": warnings})
