"""Which data set a task was embedded from, and what a task says of it."""

from task2vec.errors import NameTakenError, SettingError, SourceError, UnknownNameError
from task2vec.messages.comparisons import NewComparison
from task2vec.messages.datasets import StoredDataset
from task2vec.messages.jobs import NewTuning
from task2vec.messages.tasks import StoredTask
from task2vec.service.tasks.subjects import IMPORTED, UPLOADED, files_signature, missing_images
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name


def labelled_dataset(workspace: Workspace, id_: str) -> StoredDataset:
    """Return a data set whose images have labels.

    Raises `UnknownNameError`, and `SourceError` for one that was sent without labels.
    """
    dataset = workspace.store().datasets.get(id_)
    if not dataset.classes:
        raise SourceError(
            f"Data set {dataset.id} was sent without labels",
            expected="one folder of images per class",
            got=f"{dataset.images} images that can only be classified",
            remedy="Upload it as labelled, under another name.",
        )
    return dataset


def source_of(dataset: str) -> str:
    """Return what a task states as its source when it was embedded from this data set."""
    return UPLOADED + dataset


def dataset_of(workspace: Workspace, task: StoredTask) -> StoredDataset:
    """Return the data set that a stored task was embedded from.

    Raises:
        SourceError: when it is gone, or the task came here in another way.
    """
    try:
        if task.source.startswith(UPLOADED):
            return workspace.store().datasets.get(task.source.removeprefix(UPLOADED))
    except UnknownNameError:
        where, got = "its upload was removed", "a data set that was removed"
    else:
        how = "embedded from a folder by the command line"
        if task.source == IMPORTED:
            how = "imported as an embedding"
        where, got = f"it was {how}, and a server opens uploads only", f"a task that was {how}"
    raise missing_images(task, f"are not on this server: {where}", got=got, remote=True)


def named_dataset(
    workspace: Workspace, question: NewTuning | NewComparison
) -> tuple[StoredTask | None, StoredDataset]:
    """Return the data set to fine-tune on, and the stored task that it is, if it is one already.

    Raises `SettingError` unless the question names either a task or a data set, `UnknownNameError`
    for one that is not there, `NameTakenError` for a data set with the name of another task, and as
    `labelled_dataset` and `dataset_of` do.
    """
    store = workspace.store()
    task: StoredTask | None
    if question.task is not None and question.dataset is None:
        task = store.tasks.get(question.task)
        dataset = dataset_of(workspace, task)
    elif question.dataset is not None and question.task is None:
        dataset = labelled_dataset(workspace, question.dataset)
        task = store.tasks.named(dataset.name)
        check_name(dataset.name, new=task is None)
        if task is not None and not same_bytes(task, dataset):
            raise name_taken(dataset.name)
    else:
        raise SettingError(
            "What to fine-tune on is not clear", expected="either task or dataset, not both"
        )
    return task, dataset


def images_missing(workspace: Workspace, task: str) -> SourceError | None:
    """Return why a server does not have the images of a stored task; None where it has them.

    Raises `UnknownNameError` where there is no such task.
    """
    try:
        dataset_of(workspace, workspace.store().tasks.get(task))
    except SourceError as error:
        return error
    return None


def name_taken(name: str) -> NameTakenError:
    """Return the error that a data set has the name of a task with other images, or from elsewhere.

    A task of the same images that came here in another way is one of those, too: its bytes are not
    known.
    """
    return NameTakenError(
        f"Another task is named '{name}' already",
        remedy="Upload the data set under another name, name the stored task, or embed the images "
        f"in its place: `task2vec embed FOLDER --name {name} --update --url URL`.",
    )


def same_bytes(task: StoredTask, dataset: StoredDataset) -> bool:
    """Return whether a task was embedded from these bytes, in whatever way."""
    return task.source_signature.startswith(f"{files_signature(dataset.sha256)}:")
