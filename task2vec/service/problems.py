"""Errors as RFC 9457 problems, with nothing in them that is not for strangers."""

import inspect
import re
import tempfile
from pathlib import Path

from task2vec import errors
from task2vec.errors import Task2VecError
from task2vec.extras import lacking_at
from task2vec.messages.problems import Problem
from task2vec.service.keys import without_keys

DOCS = "https://task2vec.dev/errors/"

# The nearest class of an error decides.
STATUS: dict[type[Task2VecError], int] = {
    errors.InputError: 422,
    errors.WeightsError: 422,
    errors.UnknownNameError: 404,
    errors.NameTakenError: 409,
    errors.StateError: 409,
    errors.ChangedError: 412,
    errors.TooLargeError: 413,
    errors.StoreError: 503,
    errors.StoreCorruptError: 500,
    errors.StoreBusyError: 503,
    errors.StoreOwnedError: 503,
    errors.StoreFullError: 507,
    errors.MissingExtraError: 501,
    errors.NotAuthenticatedError: 401,
    errors.AccessError: 403,
    errors.ServiceError: 500,
    errors.OverloadedError: 503,
    errors.DeadlineError: 504,
}
# What the database says names files of the server: it goes to the log only.
_OF_THE_STORE = {
    errors.StoreBusyError: ("The store is busy.", "Try again in a moment."),
    errors.StoreFullError: (
        "The server's disk is full; nothing was changed.",
        "Remove data sets that are no longer needed, or ask who runs the server to make room.",
    ),
    errors.StoreError: (
        "The server's store failed; nothing was changed.",
        "Give the request_id to the operator of the server: the log has the details.",
    ),
}
_SOME_FOLDER = "(a folder of the server)"
_hidden: set[str] = set()


def status_of(error: Task2VecError) -> int:
    """Return the HTTP status that stands for an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def title_of(kind: type[Task2VecError]) -> str:
    """Return what errors of a kind have in common, in a few words."""
    lines = (inspect.getdoc(kind) or kind.__name__).splitlines()
    return lines[0].split(":")[0].removesuffix(".")


def problem_of(error: Task2VecError, *, request_id: str | None = None) -> Problem:
    """Return the problem that an error is shown as to a client."""
    status = status_of(error)
    if isinstance(error, errors.MissingExtraError):
        error = lacking_at("server", error)
    detail, remedy, private = f"{error.problem.removesuffix('.')}.", error.remedy, False
    if isinstance(error, errors.StoreError):
        kinds = type(error).__mro__
        detail, remedy = next(_OF_THE_STORE[kind] for kind in kinds if kind in _OF_THE_STORE)
        private = True
    elif status == 500:
        return internal_problem(request_id)
    return Problem(
        type=f"{DOCS}{error.code}",
        title=title_of(type(error)),
        status=status,
        code=error.code,
        detail=scrub(detail) or "",
        expected=None if private else scrub(error.expected),
        got=None if private else scrub(error.got),
        remedy=scrub(remedy),
        request_id=request_id,
    )


def internal_problem(request_id: str | None) -> Problem:
    """Return the problem for what nobody foresaw."""
    return Problem(
        type=f"{DOCS}internal",
        title="A fault in the server itself",
        status=500,
        code="internal",
        detail="Something went wrong in the server.",
        remedy="Give the request_id to the operator of the server: the log has the details.",
        request_id=request_id,
    )


def scrub(text: str | None) -> str | None:
    """Take keys and the folders of this machine out of a text: names of files may stay."""
    if text is None:
        return None
    shown = without_keys(text)
    always = {tempfile.gettempdir(), str(Path.home()), str(Path.cwd())} - {"/"}
    for folder in sorted(_hidden | always, key=len, reverse=True):
        # A whole path only: within an address or a longer path the letters mean something else.
        path = rf"(?<![\w./-]){re.escape(folder)}(?:/(?=[^\s/])|(?![\w.-]))"
        shown = re.sub(path, lambda match: "" if match[0].endswith("/") else _SOME_FOLDER, shown)
    return shown


def hide(folder: Path) -> None:
    """Let no text that `scrub` returns name ``folder``."""
    _hidden.update({str(folder.absolute()), str(folder.resolve())} - {"/"})
