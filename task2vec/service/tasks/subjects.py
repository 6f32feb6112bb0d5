"""What a person names: a task in the store, or a source that is embedded on the fly."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from task2vec.data.paths import near_path
from task2vec.data.wording import FOLDER, URL_EXPLAINED, URL_OPTION, shown, typed
from task2vec.errors import SourceError, SpaceMismatchError, StoreError, UnknownNameError
from task2vec.messages.settings import EMBEDDING, EmbeddingSettings
from task2vec.messages.tasks import StoredTask, TaskListing
from task2vec.probe.registry import find_card
from task2vec.probe.weight_files import file_hash
from task2vec.service.workspace import Workspace
from task2vec.store.opening import no_store
from task2vec.store.sql.identity import LISTED_BY
from task2vec.types import Space, TaskEmbedding
from task2vec.types.class_pictures import ClassPictures
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.names import visible
from task2vec.types.near_names import did_you_mean

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import Embedded, Progress
    from task2vec.embedding.settings import EmbeddingSettings as EmbedderSettings

#: What begins so is a path, whatever is stored.
PATH_STARTS = ("./", "../", "/", "~", ".\\")
#: What an imported task states as its source.
IMPORTED = "import"
#: What the source of a task begins with that was embedded from an upload; its id follows.
UPLOADED = "dataset:"


@dataclass(frozen=True, eq=False)
class Subject:
    """An embedded task: ``record`` where it is stored, ``task`` where its images are at hand.

    Where it is not stored, ``hashes`` (n,) are of its images and ``files`` says which files they
    are of, as `files_of` does. ``details`` are there where they were asked for; those of a stored
    task are in the store.
    """

    name: str
    embedding: TaskEmbedding
    record: StoredTask | None
    task: "Task | None"
    warnings: tuple[str, ...] = ()
    hashes: ImageHashes | None = None
    files: str = ""
    details: EmbeddingDetails | None = None
    #: Its picture (PNG), where it was asked for.
    thumbnail: bytes | None = None
    #: Small ones of each class, likewise.
    pictures: ClassPictures | None = None

    @property
    def source(self) -> str:
        """The path that its images were read from; empty for images that are not of a file."""
        if self.record is not None:
            return self.record.source
        return "" if self.task is None else self.task.source

    @property
    def source_files(self) -> str:
        """Which files its images are of, stored or not, as `files_of` says it."""
        return self.files if self.record is None else files_of(self.record)

    @classmethod
    def of_embedded(
        cls,
        task: "Task",
        found: "Embedded",
        *,
        detailed: bool = False,
        pictured: bool = False,
        by_class: bool = False,
    ) -> "Subject":
        """Return the subject of a task that was embedded and is not stored."""
        details = picture = pictures = None
        if pictured:
            from task2vec.embedding.thumbnail import thumbnail

            picture = thumbnail(found.sample)
        if by_class:
            from task2vec.embedding.class_pictures import class_pictures

            pictures = class_pictures(found.sample)
        if detailed:
            from task2vec.recommendation.measure.details import details_of

            details = details_of(found)
        return cls(
            task.name,
            found.embedding,
            None,
            task,
            found.warnings,
            hashes=found.sample.hashes,
            files=task.signature,
            details=details,
            thumbnail=picture,
            pictures=pictures,
        )


def files_signature(sha256: str) -> str:
    """Return what `files_of` gives for a task of one file, an upload, by the hash of its bytes."""
    return f"sha256:{sha256}"


def files_of(record: StoredTask) -> str:
    """Return text that is equal for tasks of the same files, however they were embedded.

    It is empty for an imported task, whose files are not known.
    """
    files, _, _ = record.source_signature.rpartition(":")
    return "" if files == IMPORTED else files


def same_folder(one: str, other: str) -> bool:
    """Whether two tasks were read from the same path of this machine."""
    return one == other and Path(one).is_absolute()


def stored_task(workspace: Workspace, name: str) -> StoredTask | None:
    """Return the stored task of this name or id; None where there is none or it is a path."""
    if name in (".", "..") or name.startswith(PATH_STARTS):
        return None
    store = workspace.existing_store()
    if store is None:
        return None
    try:
        return store.tasks.get(name)
    except UnknownNameError:
        return None


def stored_subject(workspace: Workspace, name_or_id: str) -> Subject:
    """Return a stored task and nothing else, for callers that must not name files of this machine.

    Raises `UnknownNameError` with close matches.
    """
    tasks = workspace.store().tasks
    record = tasks.get(name_or_id)
    return Subject(record.name, tasks.embedding(record.id), record, None)


def resolve(
    workspace: Workspace,
    name_or_source: "str | Task",
    *,
    settings: EmbeddingSettings = EMBEDDING,
    progress: "Progress | None" = None,
    detailed: bool = False,
) -> Subject:
    """Return a stored task, which wins, or embed a source without storing it.

    Images in memory are a source. ``detailed`` asks for the details of what is embedded. Raises
    `UnknownNameError` when it is neither, `SourceError` when it cannot be embedded.
    """
    if isinstance(name_or_source, str):
        record = stored_task(workspace, name_or_source)
        if record is not None:
            embedding = workspace.store().tasks.embedding(record.id)
            return Subject(record.name, embedding, record, None)
        task = open_named(workspace, name_or_source)
    else:
        task = name_or_source
    # An unknown probe is refused before torch is loaded.
    find_card(settings.probe)
    found = workspace.engine.embed(
        task, probe=settings.probe, settings=embedder_settings(settings), progress=progress
    )
    return Subject.of_embedded(task, found, detailed=detailed)


def embedder_settings(settings: EmbeddingSettings) -> "EmbedderSettings":
    """Return the settings of an embedder; raises `SettingError` out of range."""
    from task2vec.embedding.settings import EmbeddingSettings as EmbedderSettings

    return EmbedderSettings(**settings.model_dump(exclude={"probe"}))


def open_named(workspace: Workspace, source: str) -> "Task":
    """Open a source; what is neither a path nor a stored name is told so in one message."""
    from task2vec.data.open import open_source

    path = Path(source).expanduser()
    if not path.exists() and not source.startswith(PATH_STARTS):
        names = _task_names(workspace)
        if names is None:
            lacking = no_store(workspace.path).remedy
            raise UnknownNameError(
                f"There is no file or folder '{source}', and no store in {workspace.path}",
                remedy=" ".join(filter(None, (near_path(path), lacking))),
            )
        near = did_you_mean(source, names, kind="task")
        # A name has no folders.
        near = near_path(path) or near if path.name != source else near or near_path(path)
        raise UnknownNameError(
            f"'{source}' is neither a task in the store nor a file or folder",
            remedy=f"{near or 'For a path write ./NAME.'} {LISTED_BY['task']}",
        )
    return open_source(path)


def opened(workspace: Workspace, source: "str | Task") -> "Task":
    """Return the images of a stored task, which wins, or of a path; images in memory as they are.

    Raises `UnknownNameError` when it is neither, `SourceError` when images are gone or changed.
    """
    if not isinstance(source, str):
        return source
    record = stored_task(workspace, source)
    return open_named(workspace, source) if record is None else reopen(workspace, record)


def reopen(workspace: Workspace, record: StoredTask) -> "Task":
    """Return the images of a stored task: the upload that the store keeps, or where they lay.

    Raises `SourceError` where they are gone or have changed. Changed images are another task:
    evidence from them would be about something else.
    """
    from task2vec.data.open import open_source

    if record.source.startswith(UPLOADED):
        # Somebody sent it: nothing is read but what lies in it.
        task = open_source(_upload(workspace, record), name=record.name, trusted=False)
        return replace(task, source=record.source)
    source = visible(record.source)
    try:
        task = open_source(Path(record.source), name=record.name)
    except SourceError:
        imported = record.source == IMPORTED
        where = "are not known here" if imported else f"are no longer in {source}"
        got = "an embedding that was imported" if imported else "nothing that can be opened there"
        raise missing_images(record, where, got=got) from None
    if not record.source_signature.startswith(task.signature):
        where = f"in {source} have changed since it was embedded"
        raise missing_images(record, where, got="other files", folder=typed(record.source))
    return task


def _upload(workspace: Workspace, record: StoredTask) -> Path:
    """Return the file of the data set that a task was embedded from, in the store's folder."""
    from task2vec.service.datasets.datasets import source_path

    id_ = record.source.removeprefix(UPLOADED)
    try:
        path = source_path(workspace, workspace.store().datasets.get(id_))
    except (UnknownNameError, SourceError):
        where = "were uploaded to a server of this store, and are no longer kept"
        raise missing_images(record, where, got=f"no file of data set {id_}") from None
    if files_signature(file_hash(path)) != files_of(record):
        where = f"in the store's file of data set {id_} have changed since it was embedded"
        raise missing_images(record, where, got="other bytes")
    return path


def missing_images(
    record: StoredTask, where: str, *, got: str, folder: str = FOLDER, remote: bool = False
) -> SourceError:
    """Return the error that the images of a stored task are not at hand, with what brings them.

    ``where`` says so, ``folder`` is what can be embedded again; ``remote`` where a server needs it.
    """
    place = "" if folder != FOLDER else f", where {FOLDER} is where the images are now"
    server = (URL_OPTION, URL_EXPLAINED) if remote else ("", "")
    # A task of a bundle changes only with it: its images become a task of one's own.
    again = f" --name {typed(record.name)} --update" if record.bundle is None else ""
    return SourceError(
        f"The images of task '{shown(record.name)}' {where}",
        expected="the images that were embedded",
        got=got,
        remedy=f"Embed them {'again' if again else 'as a task of your own'}: "
        f"`task2vec embed {folder}{again}{server[0]}`{place}{server[1]}.",
    )


def check_comparable(workspace: Workspace, space: Space, *, besides: str | None = None) -> None:
    """Raise `SpaceMismatchError` when the store has tasks of one's own, but none in this space.

    ``besides`` is the id of one that does not count.
    """
    store = workspace.existing_store()
    own = store.tasks.list(TaskListing(bundles=False)) if store else []
    records = [record for record in own if record.id != besides]
    if records and not any(record.provenance.space == space for record in records):
        try:
            space.check_same(records[0].provenance.space)
        except SpaceMismatchError as error:
            raise SpaceMismatchError(
                f"None of the {len(records)}{' other' if besides else ''} stored tasks is in the "
                "space of this one",
                expected=error.expected,
                got=error.got,
                remedy=f"Use the probe {records[0].provenance.probe_name}, or embed the tasks "
                "anew.",
            ) from error


def _task_names(workspace: Workspace) -> list[str] | None:
    """Return the names of the stored tasks, None where there is no store."""
    try:
        store = workspace.existing_store()
    except StoreError:
        return []
    return None if store is None else [record.name for record in store.tasks.list()]
