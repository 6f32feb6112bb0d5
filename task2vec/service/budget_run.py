"""What measuring within a budget has found so far, and the time that it took."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.data.task import Task
from task2vec.errors import MissingExtraError, WeightsError
from task2vec.recommend.cascade import Step, StepKind, Untried
from task2vec.recommend.judging import Judged
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.service.offering import Weights, weights_of
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import checked_ref, loadable_ref
from task2vec.types import ModelRecord

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

#: Told of (what is measured, seconds spent, seconds in all).
Progress = Callable[[str, float, float], None]


@dataclass(eq=False)
class BudgetRun:
    """What was measured so far, and the time it took."""

    workspace: Workspace
    task: Task
    budget: float
    images: int
    tell: Progress
    began: float = field(default_factory=perf_counter)
    probed: dict[str, ProbeAccuracy] = field(default_factory=dict)
    tuned: dict[str, ProbeAccuracy] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    paces: list["Pace"] = field(default_factory=list)
    untried: list[Untried] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lost: list[tuple[ModelRecord, Weights]] = field(default_factory=list)
    sound: set[str] = field(default_factory=set)

    @staticmethod
    def now() -> float:
        """Return seconds by the clock that the budget is of."""
        return perf_counter()

    @property
    def spent(self) -> float:
        """The seconds since it began."""
        return self.now() - self.began

    def usual(self, kind: StepKind) -> float:
        """Return the seconds that a step of a kind is expected to take: the longest so far."""
        return longest([step.seconds for step in self.steps if step.kind is kind])

    def load(self, model: ModelRecord, default: str) -> "Probe | None":
        """Load a model; None with a warning where that fails, unless it is the default."""
        if model.id == default:
            return self.workspace.engine.probe(checked_ref(self.workspace, model))
        if not self.is_sound(model):
            return None
        try:
            return self.workspace.engine.probe(loadable_ref(self.workspace, model))
        except (WeightsError, MissingExtraError) as error:
            self.warnings.append(f"{model.name} is not offered, since it cannot be loaded: {error}")
            return None

    def is_sound(self, model: ModelRecord) -> bool:
        """Whether every byte of a model's file is as it was registered; if not, it is said."""
        if model.id not in self.sound:
            weights = weights_of(self.workspace, model, every_byte=True)
            if weights is not Weights.SOUND:
                self.lost.append((model, weights))
                return False
            self.sound.add(model.id)
        return True

    def out_of_time(
        self, kind: StepKind, models: Iterable[ModelRecord], *, expected: float
    ) -> None:
        """Remember the models that a step of so many seconds was worth, had there been time."""
        self.untried += [Untried(kind, model.name, expected) for model in models]

    def told(
        self,
        kind: StepKind,
        model: ModelRecord | None,
        judged: Judged,
        *,
        since: float,
        gain: float | None = None,
    ) -> None:
        """Remember a step that began at ``since``, and the answer after it."""
        leader = judged.leader
        self.steps.append(
            Step(
                kind=kind,
                model=model.name if model else None,
                gain=gain,
                seconds=perf_counter() - since,
                leader="" if leader is None else judged.offered[leader].name,
                expected=0.0 if leader is None else float(judged.belief.mean[leader]),
            )
        )


@dataclass(eq=False)
class Pace:
    """Hears a linear probe's progress: how long its images took to read, and in the network."""

    began: float
    read: float = 0.0
    passed: float = 0.0
    images: int = 0

    def hear(self, done: int, total: int) -> None:
        """Be told of the images read and passed, and of twice their number."""
        since = perf_counter() - self.began
        self.images = total // 2
        if done <= self.images:
            self.read = since
        self.passed = since - self.read

    @property
    def an_image(self) -> float:
        """The seconds that the network took for each image."""
        return self.passed / max(self.images, 1)


def longest(taken: Sequence[float]) -> float:
    """Return the longest of what steps took, without the first unless it is alone.

    That one loads what all need, libraries and images.
    """
    return max(taken[1:] or taken, default=0.0)
