"""What fine-tuning gave."""

import builtins
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from task2vec.client.backend import pages
from task2vec.client.methods import Call, M, Part, Stream
from task2vec.client.questions import ask, id_of, size_of_pages
from task2vec.client.request import delete, get
from task2vec.messages.models import Model
from task2vec.messages.outcomes import NewOutcome, Outcome, OutcomeFilter, OutcomePage, new_outcome
from task2vec.messages.tasks import Task


class Outcomes(Part[M]):
    """What fine-tuning gave."""

    @Call
    async def add(
        self,
        model: Model | str,
        task: Task | str,
        accuracy: float,
        *,
        protocol: str = "fine-tuning",
        images: int | None = None,
        seed: int | None = None,
    ) -> Outcome:
        """Record one outcome of a stored task.

        ``accuracy`` is in [0, 1], ``images`` those tested on. Raises `UnknownNameError` for a model
        or task that is not there, `SettingError` out of range.
        """
        of, on = id_of(model), id_of(task)
        outcome = new_outcome(of, on, accuracy, protocol=protocol, images=images, seed=seed)
        (added,) = await self.backend.add_outcomes([outcome])
        return added

    @Call
    async def add_many(self, outcomes: Iterable[NewOutcome]) -> "builtins.list[Outcome]":
        """Record several outcomes, all or none.

        Raises `UnknownNameError` for a model or task that is not there, `TooLargeError` for more
        than a server takes at once.
        """
        several = [*outcomes]
        return [*await self.backend.add_outcomes(several)] if several else []

    @Call
    async def import_csv(self, path: str | os.PathLike[str]) -> "builtins.list[Outcome]":
        """Record all outcomes of a CSV file, or none of them.

        Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
        `InputError` naming the line of the first fault, `TooLargeError` for more than a server
        takes at once.
        """
        return [*await self.backend.import_outcomes(Path(path))]

    @Stream
    def list(
        self,
        *,
        model: Model | str | None = None,
        task: Task | str | None = None,
        protocol: str | None = None,
        created: str | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[Outcome]:
        """Yield the outcomes; raises `UnknownNameError` for a model or task that is not there.

        All that were ``created`` at one moment, in ISO 8601, were recorded together, such as those
        of one file. A server gives ``page_size`` of them at a time.
        """
        of, on = (given and id_of(given) for given in (model, task))
        question = ask(OutcomeFilter, model=of, task=on, protocol=protocol, created=created)
        size = size_of_pages(page_size)
        request = get(OutcomePage, "/outcomes", question=question, page_size=size)
        return pages(self.backend, request, lambda page: page.outcomes)

    @Call
    async def get(self, outcome: Outcome | str) -> Outcome:
        """Return one outcome by its id; raises `UnknownNameError`."""
        return await self.backend.ask(get(Outcome, "/outcomes/{}", id_of(outcome)))

    @Call
    async def remove(self, outcome: Outcome | str) -> Outcome:
        """Remove an outcome and return what it was; raises `UnknownNameError`."""
        removed = await self.backend.ask(get(Outcome, "/outcomes/{}", id_of(outcome)))
        await self.backend.ask(delete("/outcomes/{}", removed.id))
        return removed

    @Call
    async def remove_many(self, outcomes: Iterable[Outcome | str]) -> "builtins.list[Outcome]":
        """Remove several outcomes, all or none, and return what they were.

        Raises `UnknownNameError` for one that is not there, `TooLargeError` for more than a server
        takes at once.
        """
        ids = [id_of(each) for each in outcomes]
        return [*await self.backend.remove_outcomes(ids)] if ids else []
