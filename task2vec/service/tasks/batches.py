"""Embedding many sources: one after the other, resumable, each acknowledged when it is on disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from task2vec.data.open import open_source
from task2vec.errors import SourceError, StoreError, Task2VecError
from task2vec.probe.registry import find_card
from task2vec.service.tasks.batch_items import Item, check_item
from task2vec.service.tasks.subjects import stored_task
from task2vec.service.tasks.tasks import EmbedRequest, check_free, embed, signature
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
from task2vec.types import TaskRecord

if TYPE_CHECKING:
    from task2vec.embedding.embedder import Progress
    from task2vec.embedding.settings import EmbeddingSettings


class ItemStatus(StrEnum):
    """How an item of a batch ended; ``pending`` only in a dry run, ``skipped``: nothing in it."""

    EMBEDDED = "embedded"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    PENDING = "pending"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ItemResult:
    """What became of an item; ``problem`` says why it failed."""

    item: Item
    status: ItemStatus
    record: TaskRecord | None = None
    problem: Task2VecError | None = None

    @property
    def error(self) -> str | None:
        """The problem in one text."""
        return None if self.problem is None else str(self.problem)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary with the stable fields."""
        known = self.record.to_json() if self.record else {"name": self.item.name}
        return {
            **known,
            "source": str(self.item.source),
            "status": self.status.value,
            "error": self.error,
        }


@dataclass(frozen=True)
class BatchRequest:
    """How the items are embedded; ``update`` replaces tasks whose source has changed."""

    probe: str = "efficientnet_lite0"
    settings: "EmbeddingSettings | None" = None
    tags: tuple[str, ...] = ()
    update: bool = False
    dry_run: bool = False


def run_batch(
    workspace: Workspace,
    items: list[Item],
    request: BatchRequest,
    progress: "Callable[[Item], Progress | None] | None" = None,
) -> Iterator[ItemResult]:
    """Embed the items in turn and yield each result once it is on disk.

    An item whose task is stored already, from the same unchanged source with the same settings, is
    ``unchanged``, so that a batch that was interrupted goes on where it stopped. A failed item
    does not end the batch; a store that fails does, with `StoreError`. A dry run refuses what the
    real one refuses before it reads images.
    """
    for item in items:
        if item.skipped is not None:
            yield ItemResult(item, ItemStatus.SKIPPED, problem=SourceError(item.skipped))
            continue
        try:
            yield _run(workspace, item, request, progress)
        except StoreError:
            raise
        except Task2VecError as error:
            yield ItemResult(item, ItemStatus.FAILED, problem=error)


def _run(
    workspace: Workspace,
    item: Item,
    request: BatchRequest,
    progress: "Callable[[Item], Progress | None] | None",
) -> ItemResult:
    from task2vec.embedding.settings import EmbeddingSettings

    settings = request.settings or EmbeddingSettings()
    check_item(item, new=False)
    task = open_source(item.source, name=item.name)
    known = stored_task(workspace, item.name)
    check_name(item.name, new=known is None or known.name != item.name)
    if known is not None and known.source_signature == signature(task, request.probe, settings):
        return ItemResult(item, ItemStatus.UNCHANGED, known)
    if request.dry_run:
        # What embedding refuses before any work.
        check_free(workspace, item.name, update=request.update)
        find_card(request.probe)
        return ItemResult(item, ItemStatus.PENDING)
    wanted = EmbedRequest(
        source=replace(task, name=item.name),
        probe=request.probe,
        settings=settings,
        tags=tuple(dict.fromkeys((*request.tags, *item.tags))),
        update=request.update,
    )
    record = embed(workspace, wanted, progress(item) if progress else None)
    return ItemResult(item, ItemStatus.EMBEDDED, record)
