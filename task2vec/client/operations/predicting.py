"""Classifying new images with an expert."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from task2vec.client.experts import check_expert, predictions_of
from task2vec.client.operations.models import checkpoint_of, get_model
from task2vec.client.operations.uploads import UPLOADING, send
from task2vec.client.operations.waiting import Shown, Told, ended, told_by
from task2vec.client.packing.lots import Lot, lots, member
from task2vec.client.problems import job_error
from task2vec.client.request import delete, post, segment, understood
from task2vec.client.senders import call
from task2vec.client.steps import Emit, Sender, Steps, Stream, compute
from task2vec.data.formats.images import find_images
from task2vec.errors import Task2VecError
from task2vec.messages.jobs import Job, Progress
from task2vec.messages.models import Model
from task2vec.messages.predictions import NewPrediction, Prediction, Predictions
from task2vec.types.jobs import JobState

#: One file or folder, or several.
ImagePaths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
#: Told of what was left out, and of probabilities that are not what they seem.
Warned = Callable[[str], None]

_PREDICTING = "predicting"


def predict(
    sender: Sender,
    model: Model | str,
    images: ImagePaths,
    *,
    here: bool = False,
    warn: Warned | None = None,
    progress: Shown = True,
) -> Stream[Prediction]:
    """Classify new images with an expert; yields a prediction for each, in their order.

    ``images`` are files, folders with whatever images lie below, or zip and tar archives of images,
    which are not unpacked. An image that cannot be read is a prediction with ``error``, and stops
    nothing. Images are read as the iteration goes on, some at a time. ``warn`` hears of what was
    left out, and of probabilities that are not calibrated.

    A server is sent the images, some hundred at a time, and removes them when they are classified;
    an iteration that ends early gives the rest up. ``here``: the server only gives the expert, and
    the images stay on this machine, which needs ``task2vec[local]`` for the work.

    Raises:
        UnknownNameError: when there is no such model.
        InputError: for a model without classes of its own, a plain pretrained one.
        SourceError: when no image is found, or an archive is damaged.
        WeightsError: when the checkpoint was altered.
        JobFailedError: when a server could not do it.
    """
    found = yield from get_model(sender, model)
    yield from compute(lambda: check_expert(found))
    where = _here if here else _there
    yield from where(sender, found, several(images), warn=warn, progress=told_by(progress))


def _here(
    sender: Sender,
    model: Model,
    images: Sequence[str | os.PathLike[str]],
    *,
    warn: Warned | None,
    progress: Told | None,
) -> Stream[Prediction]:
    content = yield from checkpoint_of(sender, model)
    predictions = predictions_of(
        model, content, images, warn=warn, progress=counting_images(progress)
    )
    try:
        while True:
            prediction = yield from compute(partial(next, predictions, None))
            if prediction is None:
                return
            yield Emit(prediction)
    finally:
        predictions.close()  # type: ignore[attr-defined]


def _there(
    sender: Sender,
    model: Model,
    images: Sequence[str | os.PathLike[str]],
    *,
    warn: Warned | None,
    progress: Told | None,
) -> Stream[Prediction]:
    listed = yield from compute(lambda: find_images(images))
    heard = set[str]()
    for warning in listed.warnings:
        _warn_once(warn, warning, heard)
    done, total = 0, len(listed)
    divided: Iterator[Lot] = lots(listed.read())
    while True:
        lot = yield from compute(partial(next, divided, None))
        if lot is None:
            return
        told = None if progress is None else partial(_tell, progress, done, total)
        answer = yield from _answer(sender, model, lot, progress=told)
        rows: dict[str, Prediction] = {}
        if answer is not None:
            rows = {row.path: row for row in answer.predictions}
            for warning in answer.warnings:
                _warn_once(warn, warning, heard)
        for place, (path, content) in enumerate(lot.images):
            if isinstance(content, str):
                yield Emit(_unread(path, content))
            else:
                row = rows.get(member(place)) or _unread(path, "the server told nothing of it")
                yield Emit(row.model_copy(update={"path": path}))
        done += len(lot.images)
        if progress is not None:
            progress(Progress(stage=_PREDICTING, done=done, total=total))


def _answer(
    sender: Sender, model: Model, lot: Lot, *, progress: Told | None
) -> Steps[Predictions | None]:
    """Send a lot, have it classified, and see that nothing of it stays with the server."""
    name = f"images {secrets.token_hex(8)}"
    payload = yield from compute(lambda: lot.payload(name=name))
    if payload is None:
        return None
    dataset = yield from send(sender, payload, labelled=False, progress=progress)
    job: Job | None = None
    try:
        question = NewPrediction(model=model.id, dataset=dataset.id, remove_dataset=True)
        job = yield from call(sender, post("/predictions", Job, question))
        job = yield from ended(sender, job.id, progress=progress)
        if job.state is not JobState.SUCCEEDED:
            raise job_error(job)
        answer = understood(Predictions, job.result)
    finally:
        # Whatever fails here, the server removes them once the job is over.
        if job is not None and not job.state.final:
            with suppress(Task2VecError):
                yield from call(sender, post(f"/jobs/{segment(job.id)}:cancel", Job))
        with suppress(Task2VecError):
            yield from call(sender, delete(f"/datasets/{segment(dataset.id)}"))
    return answer


def _unread(path: str, why: str) -> Prediction:
    return Prediction(path=path, label=None, probability=None, probabilities=None, error=why)


def _warn_once(warn: Warned | None, warning: str, heard: set[str]) -> None:
    if warn is not None and warning not in heard:
        warn(warning)
    heard.add(warning)


def _tell(progress: Told, before: int, total: int, found: Progress) -> None:
    """Tell of a lot's uploading as it is, and of its images among all of them."""
    if found.stage == UPLOADING:
        progress(found)
    elif found.stage == _PREDICTING:
        progress(Progress(stage=_PREDICTING, done=before + found.done, total=total))


def several(images: ImagePaths) -> Sequence[str | os.PathLike[str]]:
    """Return one path as a list of it."""
    return [images] if isinstance(images, str | os.PathLike) else images


def counting_images(progress: Told | None) -> Callable[[int, int], None] | None:
    """Return what predicting tells, put into the words of a job's progress."""
    if progress is None:
        return None
    return lambda done, total: progress(Progress(stage=_PREDICTING, done=done, total=total))
