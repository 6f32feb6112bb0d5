"""Sources, settings and progress, from the words of a client to those of the use cases."""

import os
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any

from task2vec.client.operations.asking import ask
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.subjects import check_stored_probe
from task2vec.client.operations.waiting import Told
from task2vec.client.packing.pack import check_source
from task2vec.errors import SettingError, SourceError
from task2vec.messages import settings as wire
from task2vec.messages.jobs import Progress

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.settings import EmbeddingSettings
    from task2vec.service.tasks.subjects import Subject
    from task2vec.service.workspace import Workspace

Counted = Callable[[str, int, int], None]


def given(source: "str | os.PathLike[str] | Task") -> "str | Task":
    """Return a source as the use cases take it: a path object is a path, whatever is stored.

    Raises `WrongTypeError` for what is no source.
    """
    check_source(source)
    if not isinstance(source, os.PathLike):
        return source
    path = os.fspath(source)
    return path if os.path.isabs(path) else os.path.join(os.curdir, path)  # noqa: PTH117, PTH118


def named(source: "str | os.PathLike[str] | Task") -> str:
    """Return a name or path; raises `SourceError` for images in memory."""
    found = given(source)
    if not isinstance(found, str):
        raise SourceError(
            "Images in memory cannot be fine-tuned on here",
            expected="a stored task or a path, whose images can be read again",
            remedy="Write them to a folder.",
        )
    return found


def settings_of(**arguments: Any) -> "tuple[str, EmbeddingSettings]":
    """Return the probe, and how it embeds; raises `SettingError` as a server does."""
    from task2vec.embedding.settings import EmbeddingSettings

    asked = ask(wire.EmbeddingSettings, **arguments)
    return asked.probe, EmbeddingSettings(
        images=asked.images,
        estimator=asked.estimator,
        draws=asked.draws,
        standard_error=asked.standard_error,
        seed=asked.seed,
    )


def subject(
    workspace: "Workspace",
    source: "str | os.PathLike[str] | Task",
    *,
    probe: str | None,
    settings: "EmbeddingSettings",
    progress: Told | None,
    detailed: bool = False,
) -> "Subject":
    """Return a stored task, which wins, or embed a source for one answer."""
    from task2vec.service.tasks.subjects import Subject, resolve

    task = given(source)
    if isinstance(task, str):
        return resolve(
            workspace,
            task,
            probe=probe,
            settings=settings,
            progress=counting(progress),
            detailed=detailed,
        )
    found = workspace.embed(
        task, probe=probe or PROBE, settings=settings, progress=counting(progress)
    )
    return Subject.of_embedded(task, found, detailed=detailed)


def check_probe(*subjects: "Subject", probe: str | None) -> None:
    """Raise `SettingError` where a ``probe`` is given for stored tasks alone, and is not theirs."""
    if all(each.record is not None for each in subjects):
        for each in subjects:
            embedded = each.embedding.provenance.probe_name
            check_stored_probe(each.name, embedded=embedded, asked=probe)


def counting(progress: Told | None) -> Counted | None:
    """Return what the use cases tell, put into the words of a job's progress."""
    if progress is None:
        return None

    def tell(step: str, done: int, total: int) -> None:
        progress(Progress(stage=step, done=done, total=total))

    return tell


def counting_errors(
    progress: Told | None,
) -> "tuple[Counted | None, Callable[[float], None] | None]":
    """Return what embedding tells of images, as `counting` does, and of the error so far."""
    if progress is None:
        return None, None
    last: list[float] = []

    def tell(step: str, done: int, total: int) -> None:
        known = last[-1] if last and isfinite(last[-1]) else None
        progress(Progress(stage=step, done=done, total=total, standard_error=known))

    return tell, last.append


def refuse_later(*, wait: bool) -> None:
    """Raise `SettingError` where somebody does not want to wait."""
    if not wait:
        raise SettingError(
            "A local store has no jobs: its work is done when the call returns",
            expected="wait=True",
            got="wait=False",
            remedy="Start `task2vec serve` and use a Client for work in the background.",
        )
