"""Progress in plain lines, where stderr is no terminal: of long work only, and seldom."""

from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Thread

from rich.console import Console
from rich.progress import Progress, Task

#: No line is told earlier, nor sooner after another: short commands say nothing.
PATIENCE = 10.0
#: While the stage stays the same, a line is told so often, in seconds.
REPEATED = 30.0
_MOST = 3
#: The unit of a bar that counts the seconds of a budget.
SECONDS = "s"


class ProgressLines(Progress):
    """Takes what bars take, and tells lines: when a stage begins, and now and then within it.

    A stage is a bar's field ``stage``, or else its description. A thread of its own looks how far
    everything is, since a long step may well tell nothing while it lasts.
    """

    def __init__(
        self, console: Console, *, patience: float = PATIENCE, repeated: float = REPEATED
    ) -> None:
        # Disabled are the bars; what they would show is counted all the same.
        super().__init__(console=console, disable=True)
        self._patience = patience
        self._repeated = repeated
        self._last = self.get_time()
        self._stages: list[str] = []
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True, name="progress")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Tell nothing any more."""
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Tell a line if one is due."""
        under_way = [task for task in self.tasks if task.visible and not _is_done(task)]
        shown = under_way or self.tasks[-1:]
        stages = [str(task.fields.get("stage", task.description)) for task in shown]
        since = self.get_time() - self._last
        if shown and since >= (self._repeated if stages == self._stages else self._patience):
            self.console.print(_line(shown))
            self._last += since
            self._stages = stages

    def _watch(self) -> None:
        # The reader of stderr may have gone; the work goes on.
        with suppress(OSError):
            while not self._ended.wait(min(1.0, self._patience)):
                self.look()


def _is_done(task: Task) -> bool:
    return task.total is not None and task.completed >= task.total


def counted(task: Task) -> str:
    """Return how far a bar is in its field ``unit``, "" where nothing says how much there is."""
    if task.total is None:
        return ""
    unit = task.fields.get("unit", "")
    if unit == SECONDS and task.completed > task.total:
        return f"{task.completed:,.0f} s, over the {task.total:,.0f} s of the budget"
    if unit == SECONDS:
        return f"{task.completed:,.0f} s of {task.total:,.0f} s"
    return f"{task.completed:,.0f} of {task.total:,.0f} {unit}".rstrip()


def _line(tasks: Sequence[Task]) -> str:
    parts = [
        task.description if task.total is None else f"{task.description}: {counted(task)}"
        for task in tasks[:_MOST]
    ]
    more = len(tasks) - _MOST
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")
