"""What a stored task looks like: pictures of its classes, its embedding by layer."""

import numpy as np

from task2vec.distance import with_prior
from task2vec.errors import UnknownNameError
from task2vec.messages.base import finite
from task2vec.messages.tasks import (
    LayerInformation,
    PicturedClass,
    TaskLayers,
    TaskPictures,
)
from task2vec.service.workspace import Workspace

_DECILES = (0.1, 0.9)


def pictures_of(workspace: Workspace, name: str) -> TaskPictures:
    """Return what is on the sheet of a task's pictures; raises `UnknownNameError`."""
    tasks = workspace.store().tasks
    record, pictures = tasks.get(name), tasks.pictures(name)
    counts = () if pictures is None else pictures.counts
    classes = zip(record.provenance.class_names, counts, strict=bool(counts))
    return TaskPictures(
        id=record.id,
        name=record.name,
        side=0 if pictures is None else pictures.side,
        columns=max(counts, default=0),
        classes=tuple(
            PicturedClass(name=label, pictures=count) for label, count in classes if count
        ),
    )


def picture_sheet(workspace: Workspace, name: str) -> bytes:
    """Return the sheet of a task's pictures, a JPEG; raises `UnknownNameError` without one."""
    pictures = workspace.store().tasks.pictures(name)
    if pictures is None:
        raise UnknownNameError(
            f"Task '{name}' has no pictures of its classes",
            expected="a task that was embedded here with `class_pictures`",
        )
    return pictures.sheet


def layers_of(workspace: Workspace, name: str) -> TaskLayers:
    """Return the information in each layer of the probe; raises `UnknownNameError`."""
    tasks = workspace.store().tasks
    record, details = tasks.get(name), tasks.details(name)
    layers = []
    if details is not None:
        values = tasks.embedding(record.id).values
        with np.errstate(divide="ignore"):
            logs = np.log(with_prior(values, record.space.prior_precision))
        ends = np.cumsum([layer.elements for layer in details.layers])
        for layer, part in zip(details.layers, np.split(logs, ends[:-1]), strict=True):
            mean, low, high = map(finite, map(float, (part.mean(), *np.quantile(part, _DECILES))))
            layers.append(
                LayerInformation(
                    name=layer.name, elements=layer.elements, mean=mean, low=low, high=high
                )
            )
    return TaskLayers(id=record.id, name=record.name, space=record.space, layers=tuple(layers))
