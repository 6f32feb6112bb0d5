"""Many sources: uploaded side by side, embedded by the server, yielded as they end."""

import os
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.paging import pages
from task2vec.client.operations.uploads import form_of, upload_packed
from task2vec.client.packing.pack import default_name, pack
from task2vec.client.request import get, post, segment
from task2vec.client.senders import call
from task2vec.client.steps import (
    Await,
    Emit,
    Running,
    Sender,
    Sleep,
    Start,
    Steps,
    Stream,
    compute,
    consume,
)
from task2vec.data.paths import expanded
from task2vec.errors import InputError, MissingExtraError, SourceError, Task2VecError
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
from task2vec.messages.datasets import Dataset
from task2vec.messages.jobs import Progress
from task2vec.messages.problems import Problem
from task2vec.messages.settings import EmbeddingSettings
from task2vec.service.parsing.dataset_listing import list_images
from task2vec.service.tasks.batch_items import Item as Listed
from task2vec.service.tasks.batch_items import check_item, find_items
from task2vec.types.names import visible

#: Told of the name of an item and how far it is.
ItemTold = Callable[[str, Progress], None]
#: True shows bars in a terminal or a notebook, False or None shows nothing.
ItemShown = ItemTold | bool | None

UPLOADS = 4
_CHECKED_AT_ONCE = 100
_POLL_SECONDS = 1.0


def batch(
    sender: Sender,
    sources: "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]",
    *,
    probe: str = PROBE,
    images: int = 300,
    estimator: str = "principal",
    draws: int = 1,
    standard_error: float | None = None,
    seed: int = 0,
    tags: Sequence[str] = (),
    update: bool = False,
    dry_run: bool = False,
    progress: ItemShown = True,
) -> Stream[Item]:
    """Embed many sources; yields what became of each once it is stored, in the order they end.

    ``sources`` is a folder of sources, a .csv or .jsonl list of them, or their paths. A source that
    fails does not stop the others: it is an item with ``error``. What is stored from the same bytes
    with the same settings is ``unchanged``, so that an interrupted batch is resumed by the same
    call: nothing is sent or computed twice. With ``dry_run`` no image is sent and nothing is
    stored: each item has the status of the real run, with ``pending`` for what it would embed.

    Raises `InputError` when there is no such list, and `ServiceError`, `AccessError` or
    `StoreError` where no item is to blame.
    """
    settings = ask(
        EmbeddingSettings,
        probe=probe,
        images=images,
        estimator=estimator,
        draws=draws,
        standard_error=standard_error,
        seed=seed,
    )
    question = ask(NewBatch, tags=texts("tags", tags), update=update, settings=settings)
    items = yield from compute(lambda: listed(sources))
    for position, item in enumerate(items):
        if item.skipped is not None:
            error = SourceError(item.skipped)
            yield Emit(failed(position, item.name, error, status=ItemStatus.SKIPPED))
    if dry_run:
        yield from _foreseen(sender, items, question)
        return
    course = _Course(sender, items, progress if callable(progress) else None)
    made = yield from call(sender, post("/batches", Batch, question))
    try:
        yield from course.run(made.id)
    except (KeyboardInterrupt, CancelledError) as interruption:
        interruption.add_note(
            f"What was sent goes on at the server as batch {made.id}. The same call again goes on "
            "where this one stopped."
        )
        raise


def listed(
    sources: "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]",
) -> list[Listed]:
    """Return the items of a batch; raises `InputError` where there are none, or two of one name."""
    if isinstance(sources, str | os.PathLike):
        return find_items(Path(sources))
    items = [Listed(Path(source), default_name(source)) for source in sources]
    names = [item.name for item in items]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or not items:
        raise InputError(
            "There are no sources" if twice is None else f"Two sources would be named '{twice}'",
            remedy="List them in a CSV file with the columns source,name.",
        )
    return items


def failed(
    position: int, name: str, error: Task2VecError, *, status: ItemStatus = ItemStatus.FAILED
) -> Item:
    """Return the item of a source that could not be used."""
    problem = Problem(
        title=type(error).__doc__ or "",
        status=422,
        code=error.code,
        detail=error.problem,
        expected=error.expected,
        got=error.got,
        remedy=error.remedy,
        request_id=error.request_id,
    )
    # A name that is refused may hold what no JSON carries.
    return ended(position, visible(name), status, error=problem)


def ended(position: int, name: str, status: ItemStatus, **more: Any) -> Item:
    """Return an item that no job stands behind."""
    return Item(
        **{"position": position, "name": name, "status": status, "job": None}
        | {"task": None, "error": None}
        | more
    )


def _foreseen(sender: Sender, items: list[Listed], question: NewBatch) -> Stream[Item]:
    """Yield what the real run would make of the items that are not skipped."""
    here = [i for i, item in enumerate(items) if item.skipped is None]
    for first in range(0, len(here), _CHECKED_AT_ONCE):
        packed: dict[int, ForeseenItem] = {}
        for position in here[first : first + _CHECKED_AT_ONCE]:
            item = items[position]
            try:
                check_item(item)
                packed[position] = yield from compute(partial(_packed, item))
            except InputError as error:
                yield Emit(failed(position, item.name, error))
        if packed:
            check = BatchCheck(
                items=tuple(packed.values()),
                tags=question.tags,
                update=question.update,
                settings=question.settings,
            )
            order = post("/batches:check", ForeseenItems, check)
            answer = yield from call(sender, order)
            for position, found in zip(packed, answer.items, strict=True):
                yield Emit(found.model_copy(update={"position": position}))


def _packed(item: Listed) -> ForeseenItem:
    """Return what a server has to know of an item; raises what its listing would."""
    payload = pack(item.source, name=item.name)
    # A light client has no Pillow, and no pyarrow: the server alone lists the images then.
    with suppress(ModuleNotFoundError, MissingExtraError):
        list_images(expanded(item.source), name=item.name, suffix=payload.suffix)
    return ask(
        ForeseenItem,
        name=item.name,
        sha256=payload.sha256,
        bytes=form_of(payload).length,
        tags=item.tags,
    )


@dataclass
class _Course:
    """The course of one batch: what waits here, what is on its way, what the server has."""

    sender: Sender
    items: list[Listed]
    progress: ItemTold | None
    waiting: deque[int] = field(default_factory=deque)
    uploads: dict[Running[Dataset], int] = field(default_factory=dict)
    at_server: dict[str, int] = field(default_factory=dict)
    #: The items whose bytes are on their way, by the SHA-256 of these.
    sending: dict[str, Listed] = field(default_factory=dict)
    seen_ended: int = -1

    def run(self, id_: str) -> Stream[Item]:
        """Upload, append, and yield what has ended, until all has."""
        self.waiting.extend(i for i, item in enumerate(self.items) if item.skipped is None)
        while self.waiting or self.uploads or self.at_server:
            while self.waiting and len(self.uploads) < UPLOADS:
                position = self.waiting.popleft()
                running = yield Start(self._upload(self.items[position]))
                self.uploads[running] = position
            if self.uploads:
                done = yield Await(tuple(self.uploads), _POLL_SECONDS)
                yield from self._append(id_, done)
            else:
                yield Sleep(_POLL_SECONDS)
            for item in (yield from self._ended(id_)):
                yield Emit(item)

    def _upload(self, item: Listed) -> Steps[Dataset]:
        # What is refused for its name is not sent first.
        check_item(item)
        told = None if self.progress is None else partial(self.progress, item.name)
        payload = yield from compute(partial(pack, item.source, name=item.name))
        # Of equal bytes the first are sent. The others wait, and are found at the server then.
        while self.sending.setdefault(payload.sha256, item) is not item:
            yield Sleep(_POLL_SECONDS)
        try:
            return (yield from upload_packed(self.sender, payload, any_name=True, progress=told))
        finally:
            del self.sending[payload.sha256]

    def _append(self, id_: str, done: set[Running[Dataset]]) -> Stream[Item]:
        """Give the server what has been uploaded; what cannot be is an item that failed."""
        new = []
        for running in done:
            position = self.uploads.pop(running)
            item = self.items[position]
            try:
                dataset = running.result()
                new.append(ask(NewItem, dataset=dataset.id, name=item.name, tags=item.tags))
            except InputError as error:
                yield Emit(failed(position, item.name, error))
                continue
            self.at_server[item.name] = position
        if new:
            path = f"/batches/{segment(id_)}/items"
            yield from call(self.sender, post(path, Batch, NewItems(items=tuple(new))))

    def _ended(self, id_: str) -> Steps[list[Item]]:
        """Return the items that have ended since the last look."""
        found: list[Item] = []
        if not self.at_server:
            return found
        path = f"/batches/{segment(id_)}"
        counts = (yield from call(self.sender, get(path, Batch))).counts
        over = sum(number for status, number in counts.items() if status is not ItemStatus.PENDING)
        if over == self.seen_ended:
            return found
        self.seen_ended = over

        def take(item: Item) -> None:
            if item.status is not ItemStatus.PENDING and item.name in self.at_server:
                position = self.at_server.pop(item.name)
                found.append(item.model_copy(update={"position": position}))

        items = pages(self.sender, get(f"{path}/items", ItemPage), lambda page: page.items)
        yield from consume(items, take)
        return found
