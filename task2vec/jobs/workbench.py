"""What the work of a job is done with, in this process or in that of a worker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.jobs.findings import Findings
from task2vec.messages.leases import PlannedModel, Report
from task2vec.messages.settings import EmbeddingSettings
from task2vec.service.tasks.subjects import Subject, embedder_settings

if TYPE_CHECKING:
    from task2vec.data.formats.images import Images
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import ErrorSoFar, Progress
    from task2vec.embedding.engine import LocalEngine


def silent(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Workbench:
    """An engine, and what is worked on with it.

    ``tasks`` are the opened data sets by role, ``images`` those to be classified, ``model`` is the
    reference that loads the starting model, or the expert that classifies. A checkpoint is written
    to ``checkpoint``; in the folder ``unfinished`` an interrupted fine-tuning leaves what the next
    one goes on with.

    ``progress`` hears of (stage, done, total) as images pass: "reading", "features", "fisher",
    "noise", "probing", "predicting", and of fine-tuning the words for each step; it raises
    `JobCancelledError` where the work is to stop. ``error`` hears of an embedding's standard error
    so far. ``plan`` says which models to probe on a data set once it is embedded, none to keep
    those of the question; ``reference`` gives what loads one.
    """

    engine: "LocalEngine"
    tasks: "Mapping[str, Task]" = field(default_factory=dict)
    images: "Images | None" = None
    model: str | None = None
    checkpoint: Path | None = None
    unfinished: Path | None = None
    progress: "Progress" = silent
    error: "ErrorSoFar" = silent
    plan: Callable[[Subject], Sequence[PlannedModel]] = field(default=lambda _subject: ())
    reference: Callable[[PlannedModel], str] = field(default=lambda model: model.ref)

    def embed(
        self, settings: EmbeddingSettings, *, detailed: bool = False, by_class: bool = False
    ) -> Findings:
        """Embed all data sets; ``detailed`` where they are stored, or recommended for.

        ``by_class`` asks for pictures of their classes.

        Raises `SourceError` when one cannot be embedded, `SettingError` out of range.
        """
        started = perf_counter()
        embedded, warnings = dict[str, Subject](), list[str]()
        for role, task in self.tasks.items():
            found = self.engine.embed(
                task,
                probe=settings.probe,
                settings=embedder_settings(settings),
                progress=self.progress,
                error=self.error,
            )
            embedded[role] = Subject.of_embedded(
                task, found, detailed=detailed, pictured=True, by_class=by_class
            )
            about = "" if role == "task" else f"{role}: "
            warnings += (f"{about}{warning}" for warning in found.warnings)
        seconds = perf_counter() - started
        return Findings(Report(seconds=seconds, warnings=tuple(warnings)), embedded)
