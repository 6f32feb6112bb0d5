"""What a server does while something is sent to it: how long it is silent, and what it holds."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

_PAUSE, _PATIENCE = 0.01, 300.0
_TICK = 0.02
# Answers that took less are no silence.
_SLOW = 0.03

#: Seconds of `time.perf_counter`: from, to.
Span = tuple[float, float]


@dataclass
class Watch:
    """Measures the answers of `/livez` and the memory of a process until `stop` is called.

    A thread that only sleeps shows how much of a silence is the machine's: where it wakes late,
    this process did not get a processor either.
    """

    url: str
    process: int
    _children: int = 0
    _silence: float = 0.0
    _silences: list[Span] = field(default_factory=list)
    _late: list[Span] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        Path(f"/proc/{self.process}/clear_refs").write_text("5")
        self._idle = mebibytes(self.process, "VmRSS")
        self._threads = [
            threading.Thread(target=each) for each in (self._ask, self._look, self._sleep)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> dict[str, float]:
        """Stop, and return MiB that were held, and seconds of the longest silences.

        ``own`` silence is what is left of a silence after the longest one of the machine in it.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join()
        own = [_length(each) - _longest_within(each, self._late) for each in self._silences]
        return {
            "server_mib_above_idle": mebibytes(self.process, "VmHWM") - self._idle,
            "children_mib": self._children,
            "livez_silence_seconds": round(self._silence, 3),
            "livez_own_silence_seconds": round(max(own, default=min(self._silence, _SLOW)), 3),
            "machine_silence_seconds": round(max(map(_length, self._late), default=0.0), 3),
        }

    def _ask(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=_PATIENCE) as client:
            while not self._stop.is_set():
                begun = time.perf_counter()
                with suppress(httpx2.HTTPError):
                    client.get("/livez")
                ended = time.perf_counter()
                self._silence = max(self._silence, ended - begun)
                if ended - begun > _SLOW:
                    self._silences.append((begun, ended))
                time.sleep(_PAUSE)

    def _look(self) -> None:
        while not self._stop.is_set():
            held = sum(mebibytes(child, "VmRSS") for child in descendants(self.process))
            self._children = max(self._children, held)
            time.sleep(5 * _PAUSE)

    def _sleep(self) -> None:
        while not self._stop.is_set():
            due = time.perf_counter() + _TICK
            time.sleep(_TICK)
            woke = time.perf_counter()
            if woke - due > _PAUSE:
                self._late.append((due, woke))


def _length(span: Span) -> float:
    return span[1] - span[0]


def _longest_within(span: Span, others: list[Span]) -> float:
    """Return the seconds of the longest part that others have in common with a span."""
    common = (min(span[1], end) - max(span[0], begin) for begin, end in others)
    return max(0.0, *common, 0.0)


def mebibytes(process: int, name: str) -> int:
    """Return a field of a process's status (Linux); 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) // 1024


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that they have (Linux)."""
    found: list[int] = []
    waiting = [process]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def children(process: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    found: list[int] = []
    # It may end at any moment.
    with suppress(OSError):
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            found += [int(word) for word in path.read_text().split()]
    return found
