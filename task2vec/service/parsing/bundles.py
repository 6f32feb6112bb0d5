"""Reading a bundle that somebody sent, with a look at what it may hold: see `read_bundle`."""

from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from task2vec.embedding.bundle import BundleContent, BundledOutcome, BundledTask
from task2vec.embedding.bundle_file import read_bundle
from task2vec.errors import InputError, SettingError
from task2vec.messages.faults import first_fault
from task2vec.messages.outcomes import check_interval
from task2vec.service.parsing.embeddings import check_details, check_embedding, check_hashes
from task2vec.types.names import is_name


def read_checked(path: Path) -> BundleContent:
    """Return a bundle, all of which may be stored.

    Raises `InputError`, saying of which task or outcome, for what `task2vec bundle export` does not
    write, and `TooLargeError`.
    """
    content = read_bundle(path)
    texts = (content.version, *filter(None, (content.maker,)), *content.models)
    if not all(map(is_name, texts)):
        raise _impossible("The bundle", "a version, a maker and models that can be shown")
    try:
        datetime.fromisoformat(content.created)
    except ValueError:
        raise _impossible("The bundle", "the time when it was made, in ISO 8601") from None
    for task in content.tasks:
        try:
            _check_task(task)
        except InputError as error:
            raise _impossible(f"Task {task.name!r:.100}", error.expected, error.got) from error
    names = {task.name for task in content.tasks}
    for number, outcome in enumerate(content.outcomes, 1):
        if outcome.task not in names or outcome.model not in content.models:
            raise _impossible(f"Outcome {number}", "a task and a model of the bundle")
        _check_outcome(number, outcome)
    return content


def _check_task(task: BundledTask) -> None:
    if not all(map(is_name, (task.name, *task.tags))):
        raise InputError("", expected="a name and tags that can be shown")
    if task.licence is not None and not task.licence.isprintable():
        raise InputError("", expected="a licence that can be shown")
    check_embedding(task.embedding)
    check_hashes(task.hashes, task.embedding)
    check_details(task.details)


def _check_outcome(number: int, outcome: BundledOutcome) -> None:
    try:
        outcome.question()
        low_high = outcome.interval
        check_interval(None if low_high is None else (low_high[0], low_high[1]))
    except ValidationError as error:
        got = first_fault(error)
        raise _impossible(f"Outcome {number}", "numbers in their range", got) from error
    except SettingError as error:
        raise _impossible(f"Outcome {number}", error.expected, error.got) from error


def _impossible(what: str, expected: str | None, got: str | None = None) -> InputError:
    return InputError(
        f"{what} of this bundle cannot be",
        expected=expected,
        got=got,
        remedy="Ask its maker to export it anew with `task2vec bundle export`.",
    )
