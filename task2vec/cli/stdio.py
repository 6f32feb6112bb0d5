"""What stdout and stderr can still take: either may be closed, full, or without a reader."""

import io
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

from task2vec.errors import InputError

_ELSEWHERE = "Print it to a file or a program, or leave `--json` out."


def check_stdout() -> None:
    """Check that what is printed arrives somewhere: before what cannot be undone.

    Raises:
        InputError: where stdout is closed, full, or read by nobody.
    """
    if sys.stdout is None:
        raise InputError("stdout is closed: the answer cannot be printed", remedy=_ELSEWHERE)
    if stdout_left():
        raise InputError("Nobody reads stdout: the answer cannot be printed", remedy=_ELSEWHERE)
    try:
        # Changes nothing, and is refused by what takes nothing at all.
        os.write(sys.stdout.fileno(), b"")
    except io.UnsupportedOperation:
        # No file of the system, but something in this process.
        return
    except OSError as error:
        problem = "The answer cannot be printed to stdout"
        raise InputError(problem, got=str(error), remedy=_ELSEWHERE) from error


def stdout_left() -> bool:
    """Whether the reader of stdout has gone: a broken pipe may be another one."""
    if sys.stdout is None:
        return False
    if not hasattr(select, "poll"):
        # Windows does not tell.
        return True
    watched = select.poll()
    try:
        watched.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return bool(watched.poll(0))


def stdout_is_null() -> bool:
    """Whether stdout is the null device, where rich points it once nobody reads it."""
    if sys.stdout is None:
        return False
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.stat(os.devnull))  # noqa: PTH116
    except (OSError, ValueError):
        return False


def let_go(stream: TextIO | None) -> None:
    """Flush a stream, and where that fails, let what it holds go in peace.

    Else Python tries once more at its end, complains, and ends with an exit code of its own.
    """
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
