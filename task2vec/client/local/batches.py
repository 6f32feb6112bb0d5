"""Batches on a local store: one source after the other."""

import os
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from task2vec.client.local import answers
from task2vec.client.local.sources import Counted, counting
from task2vec.client.operations.batches import ItemTold, ended, failed, listed
from task2vec.messages.batches import Item, ItemStatus

if TYPE_CHECKING:
    from task2vec.embedding.settings import EmbeddingSettings
    from task2vec.service.tasks.batch_items import Item as Listed
    from task2vec.service.workspace import Workspace


def run(
    workspace: "Workspace",
    sources: "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]",
    *,
    probe: str,
    settings: "EmbeddingSettings",
    tags: tuple[str, ...],
    update: bool,
    dry_run: bool,
    progress: ItemTold | None,
) -> Iterator[Item]:
    """Yield what became of each source, once it is on disk."""
    from task2vec.service.tasks.batches import BatchRequest, run_batch

    request = BatchRequest(probe, settings, tags, update=update, dry_run=dry_run)

    def told(item: "Listed") -> Counted | None:
        return None if progress is None else counting(partial(progress, item.name))

    results = run_batch(workspace, listed(sources), request, told)
    for position, result in enumerate(results):
        status = ItemStatus(result.status.value)
        task = None if result.record is None else answers.task(result.record)
        if result.problem is not None:
            yield failed(position, result.item.name, result.problem, status=status)
        else:
            yield ended(position, result.item.name, status, task=task)
