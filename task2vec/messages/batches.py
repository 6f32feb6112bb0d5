"""Batches: many embeddings under one id."""

from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from task2vec.errors import Task2VecError
from task2vec.messages.base import Answer, Many, Name, NewName, Page, Question, Tags, Time
from task2vec.messages.problems import Problem
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import Task
from task2vec.types.jobs import Priority
from task2vec.types.names import visible


class ItemStatus(StrEnum):
    """How an item ended.

    ``unchanged`` was stored already, ``pending`` has not ended; a client has ``skipped`` what holds
    nothing.
    """

    PENDING = "pending"
    EMBEDDED = "embedded"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class NewItem(Question):
    """One data set to embed."""

    dataset: Name
    name: NewName | None = None
    tags: Tags = ()


class NewItems(Question):
    """Items to add to a batch."""

    items: Many[NewItem] = Field(min_length=1, max_length=10_000)


class ForeseenItem(Question):
    """A data set that would be sent, known by its bytes."""

    name: NewName
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the file that would be uploaded.")
    bytes: int = Field(ge=0, description="The length of the request that would upload it.")
    tags: Tags = ()


class BatchCheck(Question):
    """Data sets that would be sent and embedded with the same settings."""

    items: tuple[ForeseenItem, ...] = Field(min_length=1, max_length=10_000)
    tags: Tags = ()
    update: bool = False
    settings: EmbeddingSettings = Field(EmbeddingSettings())


class NewBatch(Question):
    """Data sets to embed with the same settings; more can be added until it is closed."""

    items: Many[NewItem] = Field((), max_length=10_000)
    tags: Tags = ()
    update: bool = False
    class_pictures: bool = Field(
        True,
        description="Keep small pictures of their images by class: up to 4 a class, of at most 64 "
        "pixels.",
    )
    priority: Priority = Priority.LOW
    settings: EmbeddingSettings = Field(EmbeddingSettings())


class Batch(Answer):
    """A batch and how far it is."""

    id: str
    created: Time
    total: int
    counts: dict[ItemStatus, int]


class StoredBatch(Batch):
    """A batch as the store keeps it, with the ``options`` that are common to its items."""

    options: dict[str, Any]
    owner: str | None = None


class BatchPage(Page):
    """A part of the batches, newest first."""

    batches: tuple[Batch, ...]


class Item(Answer):
    """What became of one source of a batch."""

    position: int
    name: str
    status: ItemStatus
    job: str | None
    task: Task | None
    error: Problem | None

    @classmethod
    def failed(
        cls,
        position: int,
        name: str,
        error: Task2VecError,
        *,
        status: ItemStatus = ItemStatus.FAILED,
    ) -> Self:
        """Return the item of a source that could not be used."""
        return cls(
            position=position,
            # A name that is refused may hold what no JSON carries.
            name=visible(name),
            status=status,
            job=None,
            task=None,
            error=Problem.of(error, status=422),
        )


class ItemPage(Page):
    """A part of a batch's items, in their order."""

    items: tuple[Item, ...]


class ForeseenItems(Answer):
    """What would become of each item, in the order of the question; ``pending`` is embedded."""

    items: tuple[Item, ...]
