"""Linear probes of starting models on a task's own images."""

from collections.abc import Callable

from task2vec.data.task import Task
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.service.subjects import Subject, reopen
from task2vec.service.workspace import Workspace
from task2vec.types import ModelRecord

#: Told of (in words what is being done, models done, models in all), at the end without words;
#: within a budget of seconds done and in all.
Progress = Callable[[str, int, int], None]


def probe_models(
    workspace: Workspace,
    subject: Subject,
    models: list[ModelRecord],
    *,
    images: int,
    progress: Progress | None = None,
) -> tuple[dict[str, ProbeAccuracy], list[str]]:
    """Return the linear probe of each model by its id, and warnings where there is none."""
    task = images_of(subject)
    if task is None:
        return {}, [without_images(subject)]
    from task2vec.engine.probing import linear_probe

    measured: dict[str, ProbeAccuracy] = {}
    for position, model in enumerate(models):
        if progress is not None:
            progress(f"probing {model.name}", position, len(models))
        found = linear_probe(workspace.engine.probe(model.ref), task, images=images)
        if found is not None:
            measured[model.id] = found
    if progress is not None:
        progress("", len(models), len(models))
    return measured, [] if measured else [TOO_FEW]


def images_of(subject: Subject) -> Task | None:
    """Return the images of a task where they are at hand and have not changed."""
    if subject.task is None and subject.record is not None:
        return reopen(subject.record)
    return subject.task


def without_images(subject: Subject) -> str:
    """Return what is said where nothing can be measured."""
    return (
        f"the images of {subject.name} are not where they were, or have changed: "
        "no model could be probed on them"
    )


#: Said where fewer than two classes have two images outside a split called test, which is left for
#: the accuracy of what is made, or an image may have several labels.
TOO_FEW = (
    "no model could be probed: that takes one label an image, and two classes of two images or "
    "more that are not of a split called test"
)
