"""Neighbours and distances."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from task2vec.client.operations.answering import answer
from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.subjects import check_stored_probe, subject
from task2vec.client.operations.tasks import get_task
from task2vec.client.operations.waiting import Shown, told_by
from task2vec.client.steps import Sender, Steps
from task2vec.messages.neighbours import DistanceQuestion, Distances, Neighbours, SearchQuestion
from task2vec.messages.settings import EmbeddingSettings

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages


def search(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    k: int = 5,
    asymmetric: bool = False,
    geometry: str = "symmetric",
    tags: Sequence[str] = (),
    min_classes: int | None = None,
    max_classes: int | None = None,
    probe: str | None = None,
    images: int = 300,
    seed: int = 0,
    progress: Shown = True,
) -> Steps[Neighbours]:
    """Return the nearest stored tasks; asymmetric ones are the best *sources* for this one.

    A source that is not stored is embedded for this answer only, with ``probe``; a stored task has
    its own. ``tags`` (all of them),
    ``min_classes`` and ``max_classes`` say which tasks count. ``geometry`` is "symmetric" or
    "centred": by the latter, which is not corrected for noise, tasks are near that differ from the
    mean of the stored ones in the same direction. It takes three tasks, and no ``asymmetric``.

    Raises `UnknownNameError`, `SourceError`, `SettingError`, and `SpaceMismatchError` when the
    store holds tasks of other spaces only.
    """
    told = told_by(progress)
    settings = ask(EmbeddingSettings, probe=probe or PROBE, images=images, seed=seed)
    question = ask(
        SearchQuestion,
        task="?",
        k=k,
        asymmetric=asymmetric,
        geometry=geometry,
        tags=texts("tags", tags),
        min_classes=min_classes,
        max_classes=max_classes,
        settings=settings,
    )
    about = yield from subject(sender, source, progress=told, probe=probe)
    question = question.model_copy(update={"task": about.task, "dataset": about.dataset})
    found = yield from answer(sender, "/search", question, kind=Neighbours, progress=told)
    return found


def distance(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    target: "str | os.PathLike[str] | LabelledImages",
    *,
    probe: str | None = None,
    images: int = 300,
    seed: int = 0,
    progress: Shown = True,
) -> Steps[Distances]:
    """Return all distances between two tasks, both ways.

    Raises `UnknownNameError`, `SourceError`, `SettingError`, and `SpaceMismatchError` across
    spaces.
    """
    told = told_by(progress)
    settings = ask(EmbeddingSettings, probe=probe or PROBE, images=images, seed=seed)
    first = yield from subject(sender, source, progress=told)
    second = yield from subject(sender, target, progress=told)
    if probe is not None and first.task is not None and second.task is not None:
        for stored in (first.task, second.task):
            known = yield from get_task(sender, stored)
            check_stored_probe(known.name, embedded=known.provenance.probe_name, asked=probe)
    question = DistanceQuestion(source=first, target=second, settings=settings)
    found = yield from answer(sender, "/distances", question, kind=Distances, progress=told)
    return found
