"""A kind of work: its steps, from a question to what is stored, and what several kinds share."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from task2vec.errors import UnknownNameError
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.workbench import Workbench
from task2vec.messages.base import Answer, Question
from task2vec.messages.datasets import StoredDataset
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.work import Work
from task2vec.probe.registry import known_cards
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind
from task2vec.types.near_names import did_you_mean

Q = TypeVar("Q", bound=Question)
W = TypeVar("W", bound=Work)


@dataclass(frozen=True)
class Checked(Generic[W]):
    """A question that can be worked on: ``work`` has its names resolved to ids.

    ``name`` is what it is about, for people; ``answer`` is there when it needs no work.
    """

    work: W
    name: str
    datasets: tuple[StoredDataset, ...] = ()
    answer: Answer | None = None

    def same_as(self, kind: JobKind) -> str:
        """Return text that is equal for questions with the same answer.

        A data set counts by its bytes: it may have been sent twice.
        """
        # What is left to do is not what was asked for.
        about = self.work.model_dump(mode="json", exclude={"priority", "dataset", "next"})
        digests = [dataset.sha256 for dataset in self.datasets]
        text = json.dumps([kind.value, about, digests], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _as_it_is(_: Workspace, work: W) -> W:
    return work


def _nothing(_: Any) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Kind(Generic[Q, W]):
    """A kind of work.

    ``check`` refuses what could not be worked on, and looks names up. Just before a worker gets it,
    ``left`` returns what is still to do of it, or the answer where others have done all meanwhile;
    ``lend`` adds what the worker needs to know. ``run`` does the work, in any process, and
    ``commit`` returns what stores it and answers, in the store's, or says what is left of work in
    several steps; the server itself does the kinds that have neither. ``embeds`` are the data sets,
    by role, whose embeddings ``commit`` needs.
    """

    question: type[Q]
    work: type[W]
    check: Callable[[Workspace, Q], Checked[W]]
    run: Callable[[W, Workbench], Findings] | None = None
    commit: Callable[[Workspace, W, Findings], Commit] | None = None
    left: Callable[[Workspace, W], W | Answer] = _as_it_is
    lend: Callable[[Workspace, W], W] = _as_it_is
    embeds: Callable[[W], dict[str, str]] = _nothing


def resolved(work: type[W], question: Any, **names: Any) -> W:
    """Return what a job for a question is about, with ``names`` in place of those that it gives."""
    return work.model_validate({**dict(question), **names})


def new_dataset(work: Any) -> dict[str, str]:
    """Return the data set that is embedded, by its role: none of a stored task."""
    if getattr(work, "task", None) is not None or work.dataset is None:
        return {}
    return {"task": work.dataset}


def check_probe(settings: EmbeddingSettings) -> None:
    """Raise `UnknownNameError` for a probe that this server does not know by its name."""
    names = [card.name for card in known_cards()]
    if settings.probe not in names:
        mean = did_you_mean(settings.probe, names)
        raise UnknownNameError(
            f"This server has no probe named '{settings.probe}'",
            remedy=f"{mean or ''} A server embeds with probes that have a name alone, and this "
            f"one has {', '.join(names)}; a local store takes references too.".strip(),
        )
