"""What a person names: a task of the server, which wins, or a source that is uploaded."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from task2vec.client.operations.tasks import get_task
from task2vec.client.operations.uploads import upload
from task2vec.client.operations.waiting import Told
from task2vec.client.steps import Sender, Steps
from task2vec.data.paths import near_path
from task2vec.data.wording import typed
from task2vec.errors import InputError, SettingError, Task2VecError, UnknownNameError
from task2vec.messages.neighbours import Subject
from task2vec.messages.tasks import TaskDetails
from task2vec.types.names import is_name

if TYPE_CHECKING:
    from task2vec.data.task import Task

PATH_STARTS = ("./", "../", "/", "~", ".\\")


def is_path(source: "str | os.PathLike[str] | Task") -> bool:
    """Whether something is meant as a path, whatever the server has."""
    if not isinstance(source, str):
        return True
    return source in (".", "..") or source.startswith(PATH_STARTS)


def stored(sender: Sender, name: str) -> Steps[TaskDetails | None]:
    """Return the stored task of this name or id, None where there is none."""
    try:
        found = yield from get_task(sender, name)
    except UnknownNameError:
        return None
    except InputError:
        # A text that nothing is called may still be a path.
        if is_name(name):
            raise
        return None
    return found


def check_stored_probe(task: str, *, embedded: str, asked: str | None) -> None:
    """Raise `SettingError` where a stored task was ``embedded`` with another probe than ``asked``.

    ``asked`` is None where no probe was given.
    """
    if asked is not None and asked != embedded:
        raise SettingError(
            f"'{task}' is a stored task, which is not embedded again",
            expected=f"its own probe, {embedded}, or none",
            got=f"the probe {asked}",
            remedy=f"Leave out the probe, or store the task by the other one under another name: "
            f"`task2vec embed FOLDER --name NAME --probe {typed(asked)}`.",
        )


def subject(
    sender: Sender,
    source: "str | os.PathLike[str] | Task",
    *,
    progress: Told | None = None,
    probe: str | None = None,
) -> Steps[Subject]:
    """Return a stored task, or upload a source.

    Raises:
        UnknownNameError: when it is neither; with names that are close.
        SourceError: when it cannot be used as a source.
        SettingError: when it is stored, and was embedded with another ``probe`` than this.
    """
    if isinstance(source, str) and not is_path(source):
        known = yield from stored(sender, source)
        if known is not None:
            check_stored_probe(known.name, embedded=known.provenance.probe_name, asked=probe)
            return Subject(task=known.id)
        if not Path(source).exists():
            remedy = yield from _close_names(sender, source)
            # A name has no folders.
            near = near_path(Path(source)) if Path(source).name != source else None
            remedy = " ".join(filter(None, (near, remedy)))
            raise UnknownNameError(
                f"'{source}' is neither a task on the server nor a file or folder", remedy=remedy
            )
    dataset = yield from upload(sender, source, progress=progress)
    return Subject(dataset=dataset.id)


def _close_names(sender: Sender, name: str) -> Steps[str]:
    """Return what the server says of names that are close."""
    try:
        yield from get_task(sender, name)
    except Task2VecError as error:
        if isinstance(error, UnknownNameError) and error.remedy:
            return error.remedy
    return "For a path write ./NAME. List all tasks: `task2vec list`."
