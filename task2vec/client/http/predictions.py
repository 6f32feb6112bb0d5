"""Images that a server classifies: sent some hundred at a time, and removed when it has."""

import os
import secrets
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from task2vec.client.backend import OnProgress, OnWarning
from task2vec.client.http.jobs import UPLOADING, JobServer
from task2vec.client.http.problems import job_error
from task2vec.client.request import delete, post, understood
from task2vec.client.upload.parts import part_of_bytes
from task2vec.client.upload.payload import Payload
from task2vec.data.formats.images import find_images
from task2vec.data.pixels.reader import Raw
from task2vec.errors import Task2VecError
from task2vec.messages.jobs import Job, Progress
from task2vec.messages.models import Model
from task2vec.messages.predictions import NewPrediction, Prediction, Predictions, unreadable
from task2vec.types.jobs import JobState

PREDICTING = "predicting"

_MOST_IMAGES = 200
_MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Lot:
    """Some images by their paths: the bytes of each, or why there are none."""

    images: tuple[tuple[str, bytes | str], ...]

    def payload(self, *, name: str) -> Payload | None:
        """Return a tar of those that have bytes, called by their places; None without any.

        What they are called is nobody's business, and a server tries only what ends like an image.
        """
        parts = [
            part_of_bytes(member(place), content)
            for place, (_, content) in enumerate(self.images)
            if isinstance(content, bytes)
        ]
        return Payload.of_parts(parts, name=name) if parts else None


def member(place: int) -> str:
    """Return what the image at a place of a lot is called in its archive."""
    return f"{place:04}.png"


def lots(images: Iterable[tuple[str, Raw]]) -> Iterator[Lot]:
    """Divide images, one after the other, into lots of some hundred or some dozen megabytes."""
    lot: list[tuple[str, bytes | str]] = []
    size = 0
    for path, raw in images:
        content = raw if isinstance(raw, bytes) else str(getattr(raw, "problem", "no image"))
        length = len(content) if isinstance(content, bytes) else 0
        if lot and (len(lot) == _MOST_IMAGES or size + length > _MOST_BYTES):
            yield Lot(tuple(lot))
            lot, size = [], 0
        lot.append((path, content))
        size += length
    if lot:
        yield Lot(tuple(lot))


async def predictions(
    server: JobServer,
    model: Model,
    images: Sequence[str | os.PathLike[str]],
    *,
    warn: OnWarning | None,
    progress: OnProgress | None,
) -> AsyncGenerator[Prediction, None]:
    """Yield what the server says of each image, in their order."""
    listed = await server.network.compute(lambda: find_images(images))
    warned = set[str]()

    def warn_once(warning: str) -> None:
        if warn is not None and warning not in warned:
            warn(warning)
        warned.add(warning)

    for warning in listed.warnings:
        warn_once(warning)
    done, total = 0, len(listed)
    divided: Iterator[Lot] = lots(listed.read())
    while (lot := await server.network.compute(partial(next, divided, None))) is not None:
        watch = None if progress is None else partial(_tell, progress, done, total)
        answer = await _classified(server, model, lot, progress=watch)
        rows: dict[str, Prediction] = {}
        if answer is not None:
            rows = {row.path: row for row in answer.predictions}
            for warning in answer.warnings:
                warn_once(warning)
        for place, (path, content) in enumerate(lot.images):
            if isinstance(content, str):
                yield unreadable(path, content)
            else:
                row = rows.get(member(place)) or unreadable(path, "the server told nothing of it")
                yield row.model_copy(update={"path": path})
        done += len(lot.images)
        if progress is not None:
            progress(Progress(stage=PREDICTING, done=done, total=total))


async def _classified(
    server: JobServer, model: Model, lot: Lot, *, progress: OnProgress | None
) -> Predictions | None:
    """Send a lot, have it classified, and see that nothing of it stays with the server."""
    name = f"images {secrets.token_hex(8)}"
    payload = await server.network.compute(lambda: lot.payload(name=name))
    if payload is None:
        return None
    dataset = await server.send(payload, labelled=False, progress=progress)
    job: Job | None = None
    try:
        question = NewPrediction(model=model.id, dataset=dataset.id, remove_dataset=True)
        job = await server.ask(post(Job, "/predictions", question=question))
        job = await server.ended(job.id, progress=progress)
        if job.state is not JobState.SUCCEEDED:
            raise job_error(job)
        return understood(Predictions, job.result)
    finally:
        # Whatever fails here, the server removes them once the job is over.
        if job is not None and not job.state.final:
            with suppress(Task2VecError):
                await server.ask(post(Job, "/jobs/{}:cancel", job.id))
        with suppress(Task2VecError):
            await server.ask(delete("/datasets/{}", dataset.id))


def _tell(progress: OnProgress, before: int, total: int, latest: Progress) -> None:
    """Tell of a lot's uploading as it is, and of its images among all of them."""
    if latest.stage == UPLOADING:
        progress(latest)
    elif latest.stage == PREDICTING:
        progress(Progress(stage=PREDICTING, done=before + latest.done, total=total))
