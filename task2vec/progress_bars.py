"""Progress bars of Python programs: in a terminal or a notebook, nowhere else.

The command line has bars of its own, and lines where stderr is no terminal.
"""

import sys
from collections.abc import Callable
from html import escape
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: What the stages of a piece of work are called on a screen.
STAGES = {
    "reading": "reading images",
    "features": "features",
    "fisher": "Fisher information",
    "noise": "noise",
}

#: Called with a stage, how many images are done, and how many there are.
Tell = Callable[[str, int, int], None]

#: So many bars are shown at most, the newest.
_MOST = 4
#: Seconds between two drawings in a notebook, each of which is a message to the browser.
_REDRAWN = 0.2

# Two sets of bars at once would overwrite each other.
_SCREEN = Lock()


class Bars:
    """A place for bars, which opens with the first bar and ends with the ``with`` block.

    Nothing is shown where nobody would see it: where ``shown`` is False, stderr is neither a
    terminal nor a notebook, or other bars are on the screen.
    """

    def __init__(self, *, shown: bool = True) -> None:
        self._shown = shown
        self._progress: Progress | None = None
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stages(self, name: str) -> Tell:
        """Return a function that shows the stages of one piece of work in one bar."""
        return lambda stage, done, total: self.show(
            name, stage=STAGES.get(stage, stage), done=done, total=total
        )

    def show(self, name: str, *, stage: str, done: int, total: int) -> None:
        """Show how far a piece of work is; ``total`` 0 is a number not known yet."""
        if self._progress is None and self._shown:
            self._open()
        if self._progress is None:
            return
        if name not in self._bars:
            if len(self._bars) == _MOST:
                self._progress.remove_task(self._bars.pop(next(iter(self._bars))))
            self._bars[name] = self._progress.add_task(name, total=None)
        self._progress.update(
            self._bars[name],
            description=f"{name}: {stage}" if stage else name,
            completed=done,
            total=total or None,
        )

    def close(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            _SCREEN.release()
        self._shown = False

    def _open(self) -> None:
        self._shown = False
        if not _SCREEN.acquire(blocking=False):
            return
        self._progress = _drawn()
        if self._progress is None:
            _SCREEN.release()
        else:
            self._progress.start()


def _drawn() -> "Progress | None":
    # rich takes a moment to import, which programs without bars need not spend.
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_jupyter:
        return _in_notebook()
    # Asked of the file itself, too: FORCE_COLOR makes a log file pass for a terminal.
    if not console.file.isatty() or not console.is_terminal or console.is_dumb_terminal:
        return None
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # What the program prints to a file must not end up on the screen.
        redirect_stdout=sys.stdout.isatty(),
    )


def _in_notebook() -> "Progress":
    from rich.progress import Progress

    # Every notebook has it.
    ipython: Any = import_module("IPython.display")

    class Cell(Progress):
        """Bars in the output of a cell, redrawn in place; rich's own need ipywidgets."""

        def __init__(self) -> None:
            # Disabled is what rich draws; it counts all the same.
            super().__init__(disable=True)
            self._handle = ipython.display(ipython.HTML(""), display_id=True)
            self._last = -_REDRAWN

        def update(self, *args: Any, **fields: Any) -> None:
            """Take how far a bar is, and draw all of them now and then."""
            super().update(*args, **fields)
            if self.get_time() - self._last >= _REDRAWN:
                self._last = self.get_time()
                self._handle.update(ipython.HTML("".join(map(_html_of_bar, self.tasks))))

        def stop(self) -> None:
            """Take the bars away."""
            self._handle.update(ipython.HTML(""))

    return Cell()


def _html_of_bar(bar: Any) -> str:
    if bar.total is None:
        return f"<div>{escape(bar.description)} <progress></progress></div>"
    return (
        f"<div>{escape(bar.description)} "
        f'<progress value="{bar.completed:.0f}" max="{bar.total:.0f}"></progress> '
        f"{bar.completed:,.0f} of {bar.total:,.0f}</div>"
    )
