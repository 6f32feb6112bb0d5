"""The process that forks a child for each file that is parsed; run by `confined`.

It imports the parsers once, so that a child starts within milliseconds, and has no thread, no
socket and no lock of the server. It reads a question from each line of its input and writes a line
in answer. It ends, and the child with it, when its input is closed: when the server has ended.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from task2vec.errors import Task2VecError
from task2vec.service.parsing.parsers import Parser, parse

LONGEST_ANSWER = 2**20
"""Bytes of an answer: numbers and a few warnings."""

_PR_SET_PDEATHSIG = 1
_PAGE = resource.getpagesize()
# The seconds by which the limits' count may differ from what is reported.
_COARSE = 0.2


def main() -> None:
    """Answer questions until the input is closed."""
    _preload()
    # What prints must not write into the answers.
    answers = os.dup(1)
    os.dup2(2, 1)
    # Unbuffered: that more can be read means that the server has gone.
    with open(0, "rb", buffering=0, closefd=False) as questions:
        for line in questions:
            os.write(answers, json.dumps(_answer(json.loads(line))).encode() + b"\n")


def _preload() -> None:
    """Import before the fork what takes longer to import than most files take to read."""
    import task2vec.data.formats.images
    import task2vec.data.open  # noqa: F401

    with suppress(ImportError):
        import pyarrow.compute
        import pyarrow.parquet  # noqa: F401


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    """Parse in a child; say how it ended where it gave no answer."""
    host = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_child(question, writing, host)
    os.close(writing)
    try:
        answer = _listen(child, reading, seconds=question["seconds"])
    finally:
        os.close(reading)
    _, status, usage = os.wait4(child, 0)
    if answer is None:
        return {"ended": "seconds"}
    # Before the signal: `_listen` kills a child that writes too much, and one that is about to end.
    if len(answer) > LONGEST_ANSWER:
        return {"ended": f"more than {LONGEST_ANSWER} bytes"}
    try:
        found = json.loads(answer)
    except ValueError:
        spent = usage.ru_utime + usage.ru_stime
        told = _ended(status, over=spent >= _allowed(question["cpu_seconds"]) - _COARSE)
        return {"ended": told or f"{len(answer)} bytes"}
    return found if isinstance(found, dict) else {"ended": "no object"}


def _ended(status: int, *, over: bool) -> str | None:
    """Return which limit or signal ended a child; None where it ended by itself.

    ``over`` says that it had used up its processor time. Linux ends it by SIGXCPU at the soft
    limit, but by SIGKILL, as from outside, where SIGXCPU is ignored or the hard limit is as low.
    """
    if not os.WIFSIGNALED(status):
        return None
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and over):
        return "cpu_seconds"
    return signal.Signals(number).name


def _listen(child: int, reading: int, *, seconds: float) -> bytes | None:
    """Return what the child wrote; None where its time was over, and it was killed."""
    until = time.monotonic() + seconds
    parts: list[bytes] = []
    while True:
        left = max(until - time.monotonic(), 0.0)
        ready, _, _ = select.select([reading, 0], [], [], left)
        if 0 in ready:
            # The server writes nothing while it waits: it has gone.
            os.kill(child, signal.SIGKILL)
            os._exit(0)
        part = os.read(reading, 2**16) if ready else b""
        parts.append(part)
        if not part or sum(map(len, parts)) > LONGEST_ANSWER:
            # Nothing more comes from one that has ended.
            os.kill(child, signal.SIGKILL)
            return b"".join(parts) if ready else None


def _in_child(question: dict[str, Any], writing: int, host: int) -> None:
    try:
        _confine(question, host)
        answer = _parsed(question)
    except MemoryError:
        answer = {"ended": "memory"}
    except BaseException as error:
        answer = {"ended": type(error).__name__}
    try:
        data = json.dumps(answer).encode()
        while data:
            data = data[os.write(writing, data) :]
    finally:
        os._exit(0)


def _parsed(question: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"found": parse(Parser(question["parser"]), question["arguments"])}
    except Task2VecError as error:
        if isinstance(error.__context__, MemoryError):
            return {"ended": "memory"}
        parts = ("code", "problem", "expected", "got", "remedy")
        return {"error": {part: getattr(error, part) for part in parts}}


def _confine(question: dict[str, Any], host: int) -> None:
    """Limit this process, for good."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != host:
            os._exit(1)
        # Where memory runs out for all, this is what goes first.
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.nice(5)
    cpu = question["cpu_seconds"]
    _limit(resource.RLIMIT_CPU, cpu, cpu + 1)
    _limit(resource.RLIMIT_AS, _held() + question["memory"])
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _allowed(cpu_seconds: int) -> int:
    """Return the processor time that a child gets: the system's limit may be lower than ours."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    return cpu_seconds if most < 0 else min(cpu_seconds, most)


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    _, most = resource.getrlimit(kind)
    wanted = (soft, soft if hard is None else hard)
    resource.setrlimit(kind, wanted if most < 0 else (min(wanted[0], most), min(wanted[1], most)))


def _held() -> int:
    """Return the bytes of address space that are taken already; 0 where that is not told."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    except OSError:
        return 0


if __name__ == "__main__":
    main()
