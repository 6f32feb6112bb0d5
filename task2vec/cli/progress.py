"""Progress on stderr: bars where that is a terminal, else a plain line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isinf
from typing import TYPE_CHECKING

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
from task2vec.cli.progress_lines import SECONDS, ProgressLines, counted

if TYPE_CHECKING:
    from task2vec.messages.jobs import Progress as Work

    Told = Callable[[Work], None]

UPLOADING = "uploading"

Tell = Callable[[str, int, int], None]

_STAGES = {
    "reading": "reading images",
    "features": "features",
    "fisher": "Fisher information",
    "noise": "noise",
}


#: What is counted where it is not images.
_UNITS = {"asking": "tasks"}

#: How the stages within a budget begin: `task2vec.service.recommend.cascade`.
_BUDGET_STAGES = ("probing ", "fine-tuning ")


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
        stage = _STAGES.get(work.stage, work.stage)
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
