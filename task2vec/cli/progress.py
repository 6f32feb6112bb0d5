"""Progress on stderr: bars where that is a terminal, else a plain line now and then."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import isinf
from threading import Event, Thread
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from task2vec.cli.output import messages
from task2vec.progress_bars import STAGES

if TYPE_CHECKING:
    from task2vec.messages.jobs import Progress as Work

    Told = Callable[[Work], None]

UPLOADING = "uploading"

Tell = Callable[[str, int, int], None]

#: What is counted where it is not images.
_UNITS = {"asking": "tasks"}

#: How the stages within a budget begin: `task2vec.service.recommend.cascade`.
_BUDGET_STAGES = ("probing ", "fine-tuning ")


#: Seconds before the first line, and at least between two lines: short commands print none.
PATIENCE = 10.0
#: Seconds between two lines of one stage.
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


class _Count(ProgressColumn):
    """How far a bar is, such as 24 of 300 images."""

    def render(self, task: Task) -> Text:
        return Text(counted(task))


@contextmanager
def bars() -> Iterator[Progress]:
    """Show progress while the block runs."""
    console = messages()
    # Asked of the file itself, too: FORCE_COLOR makes a log file pass for a terminal.
    drawn = console.file.isatty() and console.is_terminal and not console.is_dumb_terminal
    with (
        Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            _Count(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        if drawn
        else ProgressLines(console)
    ) as progress:
        yield progress


@contextmanager
def passing(progress: Progress) -> Iterator[Progress]:
    """Take away the bars that the block added, once it is over: their work is done."""
    before = set(progress.task_ids)
    try:
        yield progress
    finally:
        for bar in set(progress.task_ids) - before:
            progress.remove_task(bar)


def work_bar(progress: Progress, name: str) -> "Told":
    """Return a callback that shows how far a piece of work is, here or at a server."""
    bar = progress.add_task(name, total=None)

    def tell(work: "Work") -> None:
        if work.stage == UPLOADING:
            sizes = f"{decimal(work.done)} of {decimal(work.total)}"
            progress.update(
                bar, description=f"{name}: uploading {sizes}", total=None, stage=UPLOADING, unit=""
            )
            return
        stage = STAGES.get(work.stage, work.stage)
        if work.standard_error is not None:
            stage = f"{stage}, standard error {work.standard_error:.3f}"
        progress.update(
            bar,
            description=name if stage in ("", name) else f"{name}: {stage}",
            completed=work.done,
            total=work.total or None,
            stage=work.stage,
            unit=_unit(work.stage),
        )

    return tell


def _unit(stage: str) -> str:
    """Return what is counted in a stage: in those of a budget, seconds."""
    return SECONDS if stage.startswith(_BUDGET_STAGES) else _UNITS.get(stage, "images")


def item_bars(progress: Progress) -> "tuple[Callable[[str, Work], None], Callable[[str], None]]":
    """Return a callback that shows a bar for each item under work, and one that takes it away."""
    shown: dict[str, TaskID] = {}
    tells: dict[str, Told] = {}

    def tell(name: str, work: "Work") -> None:
        if name not in tells:
            tells[name] = work_bar(progress, name)
            shown[name] = progress.task_ids[-1]
        tells[name](work)

    def end(name: str) -> None:
        tells.pop(name, None)
        if name in shown:
            progress.remove_task(shown.pop(name))

    return tell, end


def stages_bar(progress: Progress, name: str) -> Tell:
    """Return a callback for a use case in this process: a stage, how much of it is done, of all."""
    from task2vec.messages.jobs import Progress as Work

    tell = work_bar(progress, name)
    return lambda stage, done, total: tell(Work(stage=stage, done=done, total=total))


def fit_bar(
    progress: Progress, name: str, *, betas: int, rounds: int
) -> Callable[[int, str, int, float, float], None]:
    """Return a callback that shows which beta is fitted, and how near its fit is to the end."""
    bar = progress.add_task(f"{name}: features", total=None)

    def tell(position: int, beta: str, round_: int, gradient: float, error: float) -> None:
        noise = "" if isinf(error) else f", sampling error {error:.2f}"
        progress.update(
            bar,
            description=f"{name}: beta {beta}, round {round_} of at most {rounds}, "
            f"gradient {gradient:.2f}{noise}",
            completed=position,
            total=betas,
            stage=beta,
            unit="fits",
        )

    return tell
