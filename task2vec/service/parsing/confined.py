"""Parsing of what somebody sent, in processes that can be killed."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from task2vec.errors import (
    InternalError,
    OverloadedError,
    SourceError,
    StateError,
    Task2VecError,
    TooLargeError,
)
from task2vec.service.parsing.parsers import Parser

_HOST = "task2vec.service.parsing.confined_host"
# Above what the host gives: its answers are bounded there.
_LONGEST_LINE = 2**22
# The host keeps the time; this long after it somebody has to look after the host.
_GRACE_SECONDS = 10.0
# From the end of its output to its exit code.
_ENDING_SECONDS = 1.0
_KILLED = signal.SIGKILL.name
# A machine that is short of memory needs some time.
_AFTER_KILLS_SECONDS = 10.0
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class ParsingLimits:
    """What reading one file may take: bytes of memory, and seconds of processor and of time."""

    memory: int
    cpu_seconds: int
    seconds: float


class Confinement:
    """Runs parsers in child processes, within limits.

    A child has no socket and no lock of this process, none of its environment but paths, can write
    no file, and dies with it. Safe to call from several threads: each has a child of its own.
    """

    def __init__(self, limits: ParsingLimits) -> None:
        self._limits = limits
        self._idle: deque[_Host] = deque()
        self._at_work: set[_Host] = set()
        self._lock = Lock()
        self._closed = False

    def run(self, parser: Parser, arguments: dict[str, Any]) -> Any:
        """Return what a parser finds.

        Raises:
            TooLargeError: when it took more than the limits allow.
            SourceError: when it broke down.
            OverloadedError: when its process was killed from outside twice, or did not answer.
            InternalError: when the process cannot run at all.
            Task2VecError: what the parser raised.
            StateError: after `close`.
        """
        question = {"parser": parser, "arguments": arguments, **asdict(self._limits)}
        return self._found(self._ask(json.dumps(question).encode() + b"\n"))

    def close(self) -> None:
        """End the processes, also those that are at work: their callers get a `StateError`."""
        with self._lock:
            self._closed = True
            hosts, self._idle = self._idle, deque()
            for host in self._at_work:
                host.kill()
        for host in hosts:
            host.close()

    def _ask(self, line: bytes) -> dict[str, Any]:
        # Where somebody kills a process, or the machine runs out of memory, the file is not to
        # blame: once more with a new one.
        for _ in range(2):
            with self._host() as host:
                answer = host.ask(line, seconds=self._limits.seconds + _GRACE_SECONDS)
                broken = host.failed and host.ended_by_itself()
            if answer is not None and answer.get("ended") != _KILLED:
                return answer
        if broken:
            raise InternalError("The process that reads files ended by itself, twice")
        raise OverloadedError(
            "The process that read this file was killed twice, from outside",
            remedy="The machine is perhaps short of memory. Wait as long as Retry-After says, and "
            "send the file again.",
            retry_after=_AFTER_KILLS_SECONDS,
        )

    @contextmanager
    def _host(self) -> "Iterator[_Host]":
        """Lend a process, and keep it for the next file unless it failed."""
        with self._lock:
            if self._closed:
                raise StateError("The server is stopping", remedy="Send the file again later.")
            host = self._idle.pop() if self._idle else _Host()
            self._at_work.add(host)
        try:
            yield host
        finally:
            with self._lock:
                self._at_work.remove(host)
                kept = not (host.failed or self._closed)
                if kept:
                    self._idle.append(host)
            if not kept:
                host.close()

    def _found(self, answer: dict[str, Any]) -> Any:
        if "found" in answer:
            return answer["found"]
        if "error" in answer:
            raise _error(answer["error"])
        ended = str(answer.get("ended"))
        limits = {
            "memory": f"{self._limits.memory // 2**20:,} MiB of memory",
            "cpu_seconds": f"{self._limits.cpu_seconds:,} s of processor time",
            "seconds": f"{self._limits.seconds:g} s",
        }
        if ended in limits:
            raise TooLargeError(
                f"This file takes more than {limits[ended]} to read",
                expected="some hundreds or thousands of images and a list of them",
                remedy="Send fewer images, as files in a .zip with one folder for each class. Who "
                "runs the server can raise the limits: `task2vec serve --show-settings`.",
            )
        raise SourceError(
            "This file is damaged: its reader broke down",
            got=ended,
            remedy="Write the file again and send it.",
        )


class _Host:
    """One process of `task2vec.service.parsing.confined_host`, and the way to it.

    ``failed`` says that it gave no answer: it is not asked again.
    """

    def __init__(self) -> None:
        self.failed = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", _HOST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            # What a terminal sends to the server is not for it.
            start_new_session=True,
        )

    def ask(self, line: bytes, *, seconds: float) -> dict[str, Any] | None:
        """Return the answer; None where the process is not there, or does not answer in time."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            data = b"".join(self._lines(time.monotonic() + seconds))
            found = json.loads(data)
        except (OSError, ValueError):
            found = None
        self.failed = not isinstance(found, dict)
        return None if self.failed else found

    def ended_by_itself(self) -> bool:
        """Whether it has ended with an error of its own: neither killed, nor at work still."""
        try:
            return self._process.wait(_ENDING_SECONDS) > 0
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> None:
        """Kill it, and the child that it may have; who waits for its answer gets none."""
        self._process.kill()

    def close(self) -> None:
        """Kill it, and take note of its end."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _lines(self, until: float) -> Iterator[bytes]:
        """Yield the parts of one line."""
        assert self._process.stdout is not None
        pipe, length = self._process.stdout.fileno(), 0
        while length < _LONGEST_LINE:
            ready, _, _ = select.select([pipe], [], [], max(until - time.monotonic(), 0.0))
            part = os.read(pipe, 2**16) if ready else b""
            if not part:
                raise OSError("no answer")
            yield part
            length += len(part)
            if part.endswith(b"\n"):
                return


def _environment() -> dict[str, str]:
    """Return what a parser needs: no keys, one thread, and memory as it is asked for."""
    found = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **found,
        **threads,
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        # At the limit Python's own allocator asks the system in vain for every small object, for up
        # to 20 s of processor time; this one refuses at once, and is as fast.
        "PYTHONMALLOC": "malloc",
        # Arrow starts a thread for its allocator all the same, and a process that forks has none.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "PYTHONSAFEPATH": "1",
    }


def _error(parts: dict[str, Any]) -> Task2VecError:
    """Return the error that a parser raised, of its own class."""
    kinds = [Task2VecError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    found = next((kind for kind in kinds if kind.code == parts["code"]), SourceError)
    texts = {part: parts[part] for part in ("expected", "got", "remedy")}
    return found(str(parts["problem"]), **texts)
