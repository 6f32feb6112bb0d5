"""A question that was checked, and what the checks of several kinds of work share."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from task2vec.errors import UnknownNameError
from task2vec.messages.base import Answer
from task2vec.messages.datasets import StoredDataset
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.work import Work
from task2vec.probe.registry import known_cards
from task2vec.types import JobKind
from task2vec.types.near_names import did_you_mean

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
        about = self.work.model_dump(mode="json", exclude={"priority", "dataset"})
        digests = [dataset.sha256 for dataset in self.datasets]
        text = json.dumps([kind.value, about, digests], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def resolved(work: type[W], question: Any, **names: Any) -> W:
    """Return what a job for a question is about, with ``names`` in place of those that it gives."""
    return work.model_validate({**dict(question), **names})


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
