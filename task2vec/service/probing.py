"""The images that starting models are measured on, and what is said where there are none."""

from collections.abc import Callable
from shlex import quote

from task2vec.data.task import Task
from task2vec.data.wording import shown
from task2vec.service.subjects import Subject, reopen

#: Told of (in words what is being done, seconds spent, seconds in all).
Progress = Callable[[str, int, int], None]


def images_of(subject: Subject) -> Task | None:
    """Return the images of a task where they are at hand and have not changed."""
    if subject.task is None and subject.record is not None:
        return reopen(subject.record)
    return subject.task


def without_images(subject: Subject) -> str:
    """Return what is said where nothing can be measured, with the command that mends it."""
    name = shown(quote(subject.name))
    source = "" if subject.record is None else subject.record.source
    where = f" ({shown(source)})" if source else ""
    return (
        f"nothing was measured: the images of {subject.name} are not where they were{where}, or "
        f"have changed. Put them back, or embed them again: `task2vec embed FOLDER --name {name} "
        "--update`"
    )


#: Said where fewer than two classes have two images outside a split called test, which is left for
#: the accuracy of what is made, or an image may have several labels.
TOO_FEW = (
    "no model could be probed: that takes one label per image, and two classes of two images or "
    "more that are not of a split called test"
)
