"""What measuring within a budget has found so far, and the time that it took."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.data.task import Task
from task2vec.data.wording import typed
from task2vec.errors import MissingExtraError, WeightsError
from task2vec.finetuning.probe_cache import KnownProbe, Pace, machine
from task2vec.finetuning.prober import Prober, model_digest
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.models import Model
from task2vec.messages.recommendations import Step, StepKind, Untried
from task2vec.recommendation.answer.belief import Judged
from task2vec.recommendation.answer.evidence_text import next_budget, out_of_time
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.models.availability import Weights, weights_of
from task2vec.service.models.zoo import checked_ref, loadable_ref
from task2vec.service.recommend.probing import Progress
from task2vec.service.workspace import Workspace

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

#: The share of the budget after which no further linear probe begins.
PROBING_SHARE = 0.5
#: Another run may take longer than this one by as much.
SPARE = 1.2


class LeftOutError(Exception):
    """A model cannot be loaded; the run has a warning that says why."""


@dataclass(eq=False)
class BudgetRun:
    """What was measured so far, and the time it took."""

    workspace: Workspace
    prober: Prober
    budget: float
    progress: Progress | None
    began: float = field(init=False)
    probed: dict[str, ProbeAccuracy] = field(default_factory=dict)
    tuned: dict[str, ProbeAccuracy] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    #: What took so long in this run, by kind; and what did before, on this machine.
    costs: dict[StepKind, list[float]] = field(default_factory=lambda: defaultdict(list))
    earlier_costs: dict[StepKind, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: The same of the paces of linear probes, by model id, the default's first.
    paces: dict[str, Pace] = field(default_factory=dict)
    earlier_paces: dict[str, Pace] = field(default_factory=dict)
    untried: list[Untried] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lost: list[tuple[Model, Weights]] = field(default_factory=list)
    sound: set[str] = field(default_factory=set)
    #: Measurements of models without a digest, by which a cache would know them.
    unkept: Counter[StepKind] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.began = self.now()
        self.prober.now = self.now

    @property
    def task(self) -> Task:
        """The images that are measured on."""
        assert self.prober.task is not None, "a budget is for images that are at hand"
        return self.prober.task

    def now(self) -> float:
        """Return seconds by the clock that the budget is of."""
        return perf_counter()

    @property
    def spent(self) -> float:
        """The seconds since it began."""
        return self.now() - self.began

    def tell(self, what: str) -> None:
        """Say what is measured now."""
        if self.progress is not None:
            self.progress(what, int(self.spent), int(self.budget))

    def expected_seconds(self, kind: StepKind) -> float:
        """Return the seconds that a step of a kind is expected to take: the longest so far.

        What is known from before counts by what it took then, where nothing was timed in this run:
        the machine may have been busy.
        """
        return longest(self.costs[kind] or self.earlier_costs[kind])

    def pace(self, default: Model) -> Pace:
        """Return how long the images take to read and to pass, the longest of what was timed.

        Where no probe was timed in this run, those of before on this machine tell; without any, the
        default is timed on a few images.
        """
        paces = [*self.paces_by_model(default).values()]
        images = max(each.images for each in paces)
        passed = images * longest([each.an_image for each in paces])
        return Pace(longest([each.read for each in paces]), passed, images)

    def paces_by_model(self, default: Model) -> dict[str, Pace]:
        """Return the paces that `pace` goes by, by model id."""
        paces = self.paces or self.earlier_paces
        if not paces:
            probe = self.load(default, default.id)
            assert probe is not None, "the default is loaded, or an error is raised"
            paces = self.paces = {default.id: self.prober.time(probe)}
        return paces

    def probe(self, model: Model, default: str, *, since: float) -> tuple[KnownProbe | None, bool]:
        """Return a model's linear probe, and whether it was known before.

        Raises `LeftOutError` for one that cannot be loaded, unless it is the default.
        """
        digest = model_digest(model.ref, model.sha256)
        if model.id != default and not self.is_sound(model):
            raise LeftOutError
        known = self.prober.known(digest)
        if known is not None:
            return known, True
        probe = self.load(model, default)
        if probe is None:
            raise LeftOutError
        self.unkept[StepKind.FORWARD_PASS] += digest is None
        return self.prober.measure(lambda: probe, digest, since=since), False

    def tune(
        self, model: Model, default: str, *, settings: FineTuningSettings, since: float
    ) -> KnownProbe | None:
        """Fine-tune a model for a short while; None where no image can be held out.

        Raises `LeftOutError` for one that cannot be loaded, unless it is the default.
        """
        from task2vec.finetuning.run import short_tuning

        probe = self.load(model, default)
        if probe is None:
            raise LeftOutError
        found = short_tuning(probe, self.task, images=self.prober.images, settings=settings)
        if found is None:
            return None
        tuned = KnownProbe(found, self.now() - since, machine=machine())
        digest = model_digest(model.ref, model.sha256)
        self.unkept[StepKind.FINE_TUNING] += digest is None
        self.prober.keep(digest, tuned, settings)
        return tuned

    def load(self, model: Model, default: str) -> "Probe | None":
        """Load a model; None with a warning where that fails, unless it is the default."""
        if model.id == default:
            return self.workspace.engine.probe(checked_ref(self.workspace, model))
        if not self.is_sound(model):
            return None
        try:
            return self.workspace.engine.probe(loadable_ref(self.workspace, model))
        except MissingExtraError as error:
            self.warnings.append(f"{model.name} is left out, because it cannot be loaded: {error}")
        except WeightsError as error:
            self.warnings.append(
                f"{model.name} is left out: {error.problem}. Remove it: "
                f"`task2vec models remove {typed(model.name)}`"
            )
        return None

    def is_sound(self, model: Model) -> bool:
        """Whether every byte of a model's file is as it was registered; if not, it is said."""
        if model.id not in self.sound:
            weights = weights_of(self.workspace, model, every_byte=True)
            if weights is not Weights.SOUND:
                self.lost.append((model, weights))
                return False
            self.sound.add(model.id)
        return True

    def budget_needed(self) -> float | None:
        """Return seconds that would measure all that is ``untried``; None where nothing is.

        The next run loads the libraries again, and measures again what no cache keeps. Probes may
        take half of a budget, and fine-tunings what is left.
        """
        if not self.untried:
            return None
        return self._budget_for(Counter(StepKind(each.kind) for each in self.untried))

    def out_of_time_warning(self, *, limited: bool) -> list[str]:
        """Return the warning about what is ``untried``, [] for nothing.

        It names the budgets for that, unless a ``limited`` time leaves no larger one.
        """
        if not self.untried:
            return []
        if limited:
            return [out_of_time(self.untried)]
        kinds = Counter(StepKind(each.kind) for each in self.untried)
        following = StepKind(self.untried[0].kind)
        alone = following is StepKind.FINE_TUNING and not self.tuned
        # The first short fine-tuning is that of the default, which a rival has to follow.
        count = min(2 if alone else 1, kinds[following])
        least = self._budget_for(Counter({following: count}))
        budgets = next_budget(least=least, needed=self._budget_for(kinds))
        return [f"{out_of_time(self.untried)}. {budgets}"]

    def _budget_for(self, left: Counter[StepKind]) -> float:
        """Return seconds that would make as many measurements of each kind as are ``left``."""
        left = left + self.unkept
        costs = self.costs[StepKind.FORWARD_PASS] or self.earlier_costs[StepKind.FORWARD_PASS]
        probing = max(costs, default=0.0)
        probing += left[StepKind.FORWARD_PASS] * self.expected_seconds(StepKind.FORWARD_PASS)
        tuned = [each.seconds for each in self.untried if each.kind == StepKind.FINE_TUNING]
        each = max([*tuned, *self.costs[StepKind.FINE_TUNING]], default=0.0)
        tuning = left[StepKind.FINE_TUNING] * each
        return rounded_up(SPARE * max(probing / PROBING_SHARE, probing + tuning))

    def out_of_time(self, kind: StepKind, models: Iterable[Model], *, expected: float) -> None:
        """Remember the models that lack of time left out, at ``expected`` seconds each."""
        self.untried += [Untried(kind=kind, model=model.name, seconds=expected) for model in models]

    def record(
        self,
        kind: StepKind,
        model: Model | None,
        judged: Judged,
        *,
        since: float,
        gain: float | None = None,
        known: KnownProbe | None = None,
    ) -> None:
        """Remember a step that began at ``since``, and the answer after it.

        ``known`` is what was measured before: what it took then counts if it was on this machine.
        """
        seconds = self.now() - since
        if known is None:
            self.costs[kind].append(seconds)
        elif known.machine == machine():
            self.earlier_costs[kind].append(known.seconds)
        leader = judged.leader
        self.steps.append(
            Step(
                kind=kind,
                model=model.name if model else None,
                gain=gain,
                seconds=seconds,
                leader="" if leader is None else judged.offered[leader].name,
                expected=0.0 if leader is None else float(judged.belief.mean[leader]),
                cached=known is not None,
            )
        )


def rounded_up(seconds: float) -> float:
    """Return whole seconds with two digits that are not 0, at least as many.

    >>> rounded_up(0.2), rounded_up(41.3), rounded_up(1331)
    (1.0, 42.0, 1400.0)
    """
    unit = 10 ** max(0, floor(log10(max(seconds, 1.0))) - 1)
    return float(unit * ceil(seconds / unit))


def longest(taken: Sequence[float]) -> float:
    """Return the longest of what steps took, without the first unless it is alone.

    That one loads what all need, libraries and images.
    """
    return max(taken[1:] or taken, default=0.0)
