"""The product's own measuring, replayed: it decides, and what it measures is known already."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

from research.final_evaluation.measurements import IMAGES, Measurements, probe_of
from research.final_evaluation.tables import from_digits
from task2vec.finetuning.probe_cache import KnownProbe, Pace, ProbeCache
from task2vec.finetuning.prober import Prober
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.models import Model
from task2vec.messages.recommendations import Recommended
from task2vec.recommendation.answer.belief import Judge
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.recommend.budget_run import BudgetRun
from task2vec.service.recommend.cascade import answer_of_run
from task2vec.service.workspace import Workspace
from task2vec.types.tuning import Recipe

#: No training is as long.
_NEVER = 1e9
#: Neither a store nor measurements of before lie in a folder that nobody makes.
_NOWHERE = Path("nowhere")


class Clock:
    """Seconds that work would have taken which is replayed.

    Where it is of ``thinking``, too, what the processor does meanwhile counts, but for what is done
    `aside`.
    """

    def __init__(self, *, thinking: bool) -> None:
        self._thinking, self._paid = thinking, 0.0
        self._began, self._aside = process_time(), 0.0

    def __call__(self) -> float:
        """Return the seconds since the clock was made."""
        own = process_time() - self._began - self._aside
        return self._paid + (own if self._thinking else 0.0)

    def pay(self, seconds: float) -> None:
        """Let seconds pass."""
        self._paid += seconds

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let no time pass within."""
        began = process_time()
        yield
        self._aside += process_time() - began


@dataclass(eq=False)
class Replay(BudgetRun):
    """A run whose models were measured before, each for the seconds that it took.

    With ``counted`` a linear probe takes one second, whatever it took, and no fine-tuning ends: a
    budget of n + 1 is one of n linear probes beside the default's.
    """

    measurements: Measurements = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    counted: bool = field(kw_only=True)

    def now(self) -> float:
        """Return the seconds of the replayed clock."""
        return self.clock()

    def probe(self, model: Model, default: str, *, since: float) -> tuple[KnownProbe, bool]:
        """Return a model's linear probe, once its seconds have passed."""
        del default
        with self.clock.aside():
            row = self.measurements.passed(model.id)
        self.clock.pay(1.0 if self.counted else row.load + row.read + row.passed + row.probing)
        pace = Pace(row.read, row.passed, row.images)
        if self.counted:
            pace = Pace(read=_NEVER, images=row.images)
        return KnownProbe(probe_of(row), self.now() - since, pace), False

    def tune(
        self, model: Model, default: str, *, settings: FineTuningSettings, since: float
    ) -> KnownProbe | None:
        """Return a model's short fine-tuning, once its seconds have passed."""
        del default, settings
        with self.clock.aside():
            row = self.measurements.tuned(model.id)
        self.clock.pay(self.measurements.loading + row.seconds)
        if not row.correct:
            return None
        found = ProbeAccuracy(from_digits(row.correct), recipe=Recipe(row.recipe))
        return KnownProbe(found, self.now() - since)

    def is_sound(self, model: Model) -> bool:
        """Whether a model can be loaded: each can."""
        del model
        return True


def after_probes(judge: Judge, measurements: Measurements, *, probes: int) -> Recommended:
    """Return the answer after so many linear probes beside the default's, at most."""
    run = _run(measurements, Clock(thinking=False), budget=probes + 1.0, counted=True)
    return answer_of_run(run, judge)


@dataclass(frozen=True, eq=False)
class Timed:
    """An answer, and the ``seconds`` until it was there."""

    answer: Recommended
    seconds: float


def within(
    judge: Judge, measurements: Measurements, *, seconds: float, spent: float = 0.0
) -> Timed:
    """Return the answer to somebody with so many seconds; ``spent`` of them were for the judge."""
    clock = Clock(thinking=True)
    run = _run(measurements, clock, budget=seconds, counted=False)
    clock.pay(spent)
    answer = answer_of_run(run, judge)
    return Timed(answer, clock())


def _run(measurements: Measurements, clock: Clock, *, budget: float, counted: bool) -> Replay:
    prober = Prober(measurements.images.task, IMAGES, ProbeCache(_NOWHERE))
    return Replay(
        Workspace(_NOWHERE),
        prober,
        budget,
        None,
        measurements=measurements,
        clock=clock,
        counted=counted,
    )
