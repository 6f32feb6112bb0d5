"""What fine-tuning gave."""

import os
from collections.abc import Iterable, Sized
from pathlib import Path

from task2vec.client.operations.asking import ask
from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.paging import pages
from task2vec.client.request import delete, get, post, segment
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, Stream, compute
from task2vec.errors import TooLargeError
from task2vec.messages.models import Model
from task2vec.messages.outcomes import (
    MOST_OUTCOMES,
    NewOutcome,
    NewOutcomes,
    Outcome,
    OutcomePage,
    OutcomesToRemove,
)
from task2vec.messages.tasks import Task
from task2vec.service.outcomes.outcome_file import Measured, read_outcomes


def add_outcome(
    sender: Sender,
    model: Model | str,
    task: Task | str,
    accuracy: float,
    *,
    protocol: str = "fine-tuning",
    images: int | None = None,
    seed: int | None = None,
) -> Steps[Outcome]:
    """Record one outcome of a stored task; ``accuracy`` is in [0, 1], ``images`` those tested on.

    Raises `UnknownNameError` for a model or task that is not there, `SettingError` out of range.
    """
    of, on = id_of(model), id_of(task)
    outcome = stated(Measured(of, on, accuracy, protocol=protocol, images=images, seed=seed))
    (added,) = yield from add_outcomes(sender, [outcome])
    return added


def add_outcomes(sender: Sender, outcomes: Iterable[NewOutcome]) -> Steps[list[Outcome]]:
    """Record several outcomes, all or none.

    Raises `UnknownNameError` for a model or task that is not there, `TooLargeError` for more than
    a server takes at once.
    """
    wanted = tuple(outcomes)
    if not wanted:
        return []
    _check_count(wanted, remedy="Record them in parts: a file of outcomes can be split.")
    question = ask(NewOutcomes, outcomes=wanted)
    page = yield from call(sender, post("/outcomes", OutcomePage, question))
    return list(page.outcomes)


def import_outcomes(sender: Sender, path: str | os.PathLike[str]) -> Steps[list[Outcome]]:
    """Record all outcomes of a CSV file, or none of them.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault, `TooLargeError` for more than a server takes at
    once.
    """
    measured = yield from compute(lambda: _rows(Path(path)))
    added = yield from add_outcomes(sender, measured)
    return added


def list_outcomes(
    sender: Sender,
    *,
    model: Model | str | None = None,
    task: Task | str | None = None,
    protocol: str | None = None,
    created: str | None = None,
    page_size: int | None = None,
) -> Stream[Outcome]:
    """Yield the outcomes; raises `UnknownNameError` for a model or task that is not there.

    All that were ``created`` at one moment, in ISO 8601, were recorded together, such as those of
    one file. A server gives ``page_size`` of them at a time.
    """
    of, on = (given and id_of(given) for given in (model, task))
    request = get(
        "/outcomes",
        OutcomePage,
        model=of,
        task=on,
        protocol=protocol,
        created=created,
        page_size=size_of_pages(page_size),
    )
    return pages(sender, request, lambda page: page.outcomes)


def get_outcome(sender: Sender, outcome: Outcome | str) -> Steps[Outcome]:
    """Return one outcome by its id; raises `UnknownNameError`."""
    return call(sender, get(f"/outcomes/{segment(id_of(outcome))}", Outcome))


def remove_outcome(sender: Sender, outcome: Outcome | str) -> Steps[Outcome]:
    """Remove an outcome and return what it was; raises `UnknownNameError`."""
    found = yield from get_outcome(sender, outcome)
    yield from call(sender, delete(f"/outcomes/{segment(found.id)}"))
    return found


def remove_outcomes(sender: Sender, outcomes: Iterable[Outcome | str]) -> Steps[list[Outcome]]:
    """Remove several outcomes, all or none, and return what they were.

    Raises `UnknownNameError` for one that is not there, `TooLargeError` for more than a server
    takes at once.
    """
    wanted = tuple(id_of(each) for each in outcomes)
    if not wanted:
        return []
    _check_count(wanted, remedy="Remove them in parts.")
    question = ask(OutcomesToRemove, outcomes=wanted)
    page = yield from call(sender, post("/outcomes:remove", OutcomePage, question))
    return list(page.outcomes)


def stated(measured: Measured) -> NewOutcome:
    """Return an outcome as it is sent."""
    return ask(NewOutcome, **measured.to_json())


def _check_count(outcomes: Sized, *, remedy: str) -> None:
    if len(outcomes) > MOST_OUTCOMES:
        raise TooLargeError(
            "These are too many outcomes for one request",
            expected=f"at most {MOST_OUTCOMES:,}, as many as a server takes at once",
            got=f"{len(outcomes):,}",
            remedy=remedy,
        )


def _rows(path: Path) -> list[NewOutcome]:
    return [stated(row) for _, row in read_outcomes(path)]
