"""What a worker tells of a try that failed."""

import errno
from pathlib import Path

import torch

from task2vec.errors import MissingExtraError, ServiceError, Task2VecError
from task2vec.extras import lacking_at
from task2vec.messages.leases import Failure

_LONGEST = 10_000
_NO_MEMORY = ("can't allocate memory", "cannot allocate memory", "out of memory")


def failure_of(error: Exception, *, fence: int, shown: dict[Path, str]) -> Failure:
    """Return what the server is told; in its texts, files are called as in ``shown``.

    What the question or its data are to blame for would fail again. What this machine or the
    connection are to blame for is transient, and so is what nobody foresaw, of which no more is
    told than its kind: the rest is for the log of this machine.
    """
    problem: str | None
    expected = got = remedy = None
    transient = True
    if out_of_memory(error):
        code, problem = "out_of_memory", "The worker ran out of memory"
        remedy = "Use fewer images, or a worker with more memory."
    elif isinstance(error, Task2VecError):
        if isinstance(error, MissingExtraError):
            error = lacking_at("worker", error)
        code, transient = error.code, isinstance(error, ServiceError)
        parts = (error.problem, error.expected, error.got, error.remedy)
        problem, expected, got, remedy = (_plain(part, shown) for part in parts)
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        code, problem = "worker_disk_full", "The disk of the worker is full"
    else:
        code, problem = "internal", "The worker failed in a way that nobody foresaw"
        got, remedy = type(error).__name__, "The worker's log says more."
    return Failure(
        fence=fence,
        code=code,
        problem=problem or "The work failed",
        expected=expected,
        got=got,
        remedy=remedy,
        transient=transient,
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of this machine or of its device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # What torch raises for the memory of the CPU, and libraries for threads and mappings.
    told = isinstance(error, RuntimeError) and any(w in str(error).lower() for w in _NO_MEMORY)
    return told or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _plain(text: str | None, shown: dict[Path, str]) -> str | None:
    if text is None:
        return None
    for path, name in shown.items():
        text = text.replace(str(path), name)
    return text[:_LONGEST]
