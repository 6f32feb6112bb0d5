"""Many sources: uploaded side by side, embedded by the server, yielded as they end."""

from asyncio import CancelledError
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from task2vec.client.backend import OnItemProgress, pages
from task2vec.client.http.jobs import JobServer
from task2vec.client.http.network import Running
from task2vec.client.questions import ask
from task2vec.client.request import get, post
from task2vec.client.upload.pack import pack
from task2vec.client.upload.payload import Form
from task2vec.data.batch_sources import BatchSource, check_item
from task2vec.data.listing import list_images
from task2vec.data.paths import expanded
from task2vec.errors import InputError, MissingExtraError, SourceError
from task2vec.messages.batches import (
    Batch,
    BatchCheck,
    ForeseenItem,
    ForeseenItems,
    Item,
    ItemPage,
    ItemStatus,
    NewBatch,
    NewItem,
    NewItems,
)
from task2vec.messages.datasets import Dataset, NewDataset

UPLOADS = 4
_CHECKED_AT_ONCE = 100
_POLL_SECONDS = 1.0


async def run_batch(
    server: JobServer,
    items: Sequence[BatchSource],
    question: NewBatch,
    *,
    dry_run: bool,
    progress: OnItemProgress | None,
) -> AsyncGenerator[Item, None]:
    """Yield what became of each source, in the order they end; those that are skipped first."""
    for position, item in enumerate(items):
        if item.skipped is not None:
            error = SourceError(item.skipped)
            yield Item.failed(position, item.name, error, status=ItemStatus.SKIPPED)
    if dry_run:
        async for foreseen in _foreseen(server, items, question):
            yield foreseen
        return
    course = _Course(server, items, progress)
    batch = await server.ask(post(Batch, "/batches", question=question))
    try:
        async for each in course.run(batch.id):
            yield each
    except (KeyboardInterrupt, CancelledError) as interruption:
        interruption.add_note(
            f"What was sent goes on at the server as batch {batch.id}. The same call again goes on "
            "where this one stopped."
        )
        raise


async def _foreseen(
    server: JobServer, items: Sequence[BatchSource], question: NewBatch
) -> AsyncGenerator[Item, None]:
    """Yield what the real run would make of the items that are not skipped."""
    here = [i for i, item in enumerate(items) if item.skipped is None]
    for first in range(0, len(here), _CHECKED_AT_ONCE):
        packed: dict[int, ForeseenItem] = {}
        for position in here[first : first + _CHECKED_AT_ONCE]:
            item = items[position]
            try:
                check_item(item)
                packed[position] = await server.network.compute(partial(_packed, item))
            except InputError as error:
                yield Item.failed(position, item.name, error)
        if packed:
            check = BatchCheck(
                items=tuple(packed.values()),
                tags=question.tags,
                update=question.update,
                settings=question.settings,
            )
            answer = await server.ask(post(ForeseenItems, "/batches:check", question=check))
            for position, foreseen in zip(packed, answer.items, strict=True):
                yield foreseen.model_copy(update={"position": position})


def _packed(item: BatchSource) -> ForeseenItem:
    """Return what a server has to know of an item; raises what its listing would."""
    payload = pack(item.source, name=item.name)
    # A light client has no Pillow, and no pyarrow: the server alone lists the images then.
    with suppress(ModuleNotFoundError, MissingExtraError):
        list_images(expanded(item.source), name=item.name, suffix=payload.suffix)
    return ask(
        ForeseenItem,
        name=item.name,
        sha256=payload.sha256,
        bytes=Form.of(NewDataset(name=payload.name), {"file": payload}).length,
        tags=item.tags,
    )


@dataclass
class _Course:
    """The course of one batch: what waits here, what is on its way, what the server has."""

    server: JobServer
    items: Sequence[BatchSource]
    progress: OnItemProgress | None
    waiting: deque[int] = field(default_factory=deque)
    uploads: dict[Running[Dataset], int] = field(default_factory=dict)
    at_server: dict[str, int] = field(default_factory=dict)
    #: The items whose bytes are on their way, by the SHA-256 of these.
    sending: dict[str, BatchSource] = field(default_factory=dict)
    seen_ended: int = -1

    async def run(self, id_: str) -> AsyncGenerator[Item, None]:
        """Upload, append, and yield what has ended, until all has."""
        network = self.server.network
        self.waiting.extend(i for i, item in enumerate(self.items) if item.skipped is None)
        while self.waiting or self.uploads or self.at_server:
            while self.waiting and len(self.uploads) < UPLOADS:
                position = self.waiting.popleft()
                running = network.start(partial(self._upload, self.items[position]))
                self.uploads[running] = position
            if self.uploads:
                done = await network.first(tuple(self.uploads), _POLL_SECONDS)
                for refused in await self._append(id_, done):
                    yield refused
            else:
                await network.sleep(_POLL_SECONDS)
            for item in await self._ended(id_):
                yield item

    async def _upload(self, item: BatchSource) -> Dataset:
        # What is refused for its name is not sent first.
        check_item(item)
        network = self.server.network
        progress = None if self.progress is None else partial(self.progress, item.name)
        payload = await network.compute(partial(pack, item.source, name=item.name))
        # Of equal bytes the first are sent. The others wait, and are found at the server then.
        while self.sending.setdefault(payload.sha256, item) is not item:
            await network.sleep(_POLL_SECONDS)
        try:
            return await self.server.upload_packed(payload, any_name=True, progress=progress)
        finally:
            del self.sending[payload.sha256]

    async def _append(self, id_: str, done: set[Running[Dataset]]) -> list[Item]:
        """Give the server what has been uploaded; return what cannot be, as items that failed."""
        new, failed = [], []
        for running in done:
            position = self.uploads.pop(running)
            item = self.items[position]
            try:
                dataset = running.result()
                new.append(ask(NewItem, dataset=dataset.id, name=item.name, tags=item.tags))
            except InputError as error:
                failed.append(Item.failed(position, item.name, error))
                continue
            self.at_server[item.name] = position
        if new:
            items = NewItems(items=tuple(new))
            await self.server.ask(post(Batch, "/batches/{}/items", id_, question=items))
        return failed

    async def _ended(self, id_: str) -> list[Item]:
        """Return the items that have ended since the last look."""
        if not self.at_server:
            return []
        counts = (await self.server.ask(get(Batch, "/batches/{}", id_))).counts
        over = sum(number for status, number in counts.items() if status is not ItemStatus.PENDING)
        if over == self.seen_ended:
            return []
        self.seen_ended = over
        ended = []
        request = get(ItemPage, "/batches/{}/items", id_)
        async for item in pages(self.server, request, lambda page: page.items):
            if item.status is not ItemStatus.PENDING and item.name in self.at_server:
                position = self.at_server.pop(item.name)
                ended.append(item.model_copy(update={"position": position}))
        return ended
