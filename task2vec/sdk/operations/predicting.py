"""Classifying new images with an expert."""

import os
from collections.abc import Callable, Sequence
from functools import partial

from task2vec.sdk.experts import check_expert, predictions_of
from task2vec.sdk.operations.models import checkpoint_of, get_model
from task2vec.sdk.operations.waiting import Told
from task2vec.sdk.steps import Emit, Sender, Stream, compute
from task2vec.wire.jobs import Progress
from task2vec.wire.models import Model
from task2vec.wire.predictions import Prediction

#: One file or folder, or several.
ImagePaths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
#: Told of what was left out, and of probabilities that are not what they seem.
Warned = Callable[[str], None]


def predict(
    sender: Sender,
    model: Model | str,
    images: ImagePaths,
    *,
    warn: Warned | None = None,
    progress: Told | None = None,
) -> Stream[Prediction]:
    """Classify new images with an expert; yields a prediction for each, in their order.

    ``images`` are files, or folders with whatever images lie below. One that cannot be read is a
    prediction with ``error``, and stops nothing. Images are read as the iteration goes on, a few at
    a time. ``warn`` hears of what was left out, and of probabilities that are not calibrated. A
    server gives the expert; the images stay here, where ``task2vec[local]`` must be installed.

    Raises:
        UnknownNameError: when there is no such model.
        InputError: for a model without classes of its own, a plain pretrained one.
        SourceError: when no image is found.
        WeightsError: when the checkpoint was altered.
    """
    found = yield from get_model(sender, model)
    yield from compute(lambda: check_expert(found))
    content = yield from checkpoint_of(sender, found)
    predictions = predictions_of(
        found, content, several(images), warn=warn, progress=counting_images(progress)
    )
    try:
        while True:
            prediction = yield from compute(partial(next, predictions, None))
            if prediction is None:
                return
            yield Emit(prediction)
    finally:
        predictions.close()  # type: ignore[attr-defined]


def several(images: ImagePaths) -> Sequence[str | os.PathLike[str]]:
    """Return one path as a list of it."""
    return [images] if isinstance(images, str | os.PathLike) else images


def counting_images(progress: Told | None) -> Callable[[int, int], None] | None:
    """Return what predicting tells, put into the words of a job's progress."""
    if progress is None:
        return None
    return lambda done, total: progress(Progress(stage="predicting", done=done, total=total))
