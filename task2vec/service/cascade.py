"""Recommends within a budget of seconds: distances propose, measurements on the images decide.

Linear probes on frozen features come first, the model that promises most next, for at most
`PROBING_SHARE` of the budget. Then the leader, the default and the most promising rival are
fine-tuned for a short while, as long as time remains. Every measurement moves the belief about all
models; measuring stops when no model promises anything worth it. No image of a split called test is
looked at: what is made of the chosen model will be tested on these.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from task2vec.data.task import Task
from task2vec.errors import MissingExtraError, WeightsError
from task2vec.recommend.cascade import (
    Step,
    StepKind,
    Untried,
    next_model,
    promises,
    worth_trying,
)
from task2vec.recommend.judging import Judge, Judged, gain_of
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.question import Question
from task2vec.recommend.ranker import answer_of
from task2vec.recommend.recommendation import Recommended
from task2vec.recommend.tuning_settings import FineTuningSettings, ShortSettings
from task2vec.service.offering import Weights, not_offered, weights_of
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import checked_ref, loadable_ref
from task2vec.types import ModelRecord

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

#: The share of the budget after which no further linear probe begins.
PROBING_SHARE = 0.5
#: Models in the race of short fine-tunings, the default among them.
RACING = 3
#: How long a short fine-tuning is.
SHORT: FineTuningSettings = ShortSettings()

#: Told of (what is measured, seconds spent, seconds in all).
Progress = Callable[[str, float, float], None]


def recommend_within(
    workspace: Workspace,
    question: Question,
    task: Task,
    *,
    budget: float,
    images: int,
    progress: Progress | None = None,
) -> Recommended:
    """Measure on the images of ``task`` for at most some ``budget`` seconds, then answer.

    A measurement that has begun is finished; one begins only if, by what the last of its kind took,
    it will end in time. The first linear probes, of the default and of one rival, are always made.

    A starting model that cannot be loaded, such as one of a hub that is away, is left out with a
    warning. So is one whose file is no longer what was registered, byte by byte: that is compared
    when its turn comes, and of the chosen one before it is answered. Others are not looked at.

    Raises `SourceError` when the task cannot be used, `StoreError` or `WeightsError` for a default
    that cannot be loaded.
    """
    run = _Run(workspace, task, budget, images, progress or (lambda *_: None))
    # Every expert may be measured, not only those of the nearest tasks.
    judge = Judge(replace(question, k=max(len(question.tasks), 1)))
    run.told(StepKind.DISTANCE, None, judge.judge(probed={}), since=run.began)
    judge = _probe(run, judge, question.default)
    judge = _race(run, judge, question.default)
    answer, chosen = _answer(run, judge, k=question.k)
    while not (chosen is None or chosen.id == question.default or run.is_sound(chosen)):
        judge = _without(judge, chosen)
        answer, chosen = _answer(run, judge, k=question.k)
    warnings = (*run.warnings, *not_offered(run.lost))
    return replace(answer, untried=tuple(run.untried), warnings=warnings)


@dataclass(eq=False)
class _Run:
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
    paces: list["_Pace"] = field(default_factory=list)
    untried: list[Untried] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lost: list[tuple[ModelRecord, Weights]] = field(default_factory=list)
    sound: set[str] = field(default_factory=set)

    @property
    def spent(self) -> float:
        return perf_counter() - self.began

    def usual(self, kind: StepKind) -> float:
        """Return the seconds that a step of a kind is expected to take: the longest so far."""
        return _longest([step.seconds for step in self.steps if step.kind is kind])

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
class _Pace:
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


def _longest(taken: Sequence[float]) -> float:
    """Return the longest of what steps took, without the first unless it is alone.

    That one loads what all need, libraries and images.
    """
    return max(taken[1:] or taken, default=0.0)


def _answer(run: _Run, judge: Judge, *, k: int) -> tuple[Recommended, ModelRecord | None]:
    """Return the answer that all measurements amount to, and the record of the chosen model."""
    final = judge.about(replace(judge.question, k=k, measured=run.probed, tuned=run.tuned))
    judged = final.judge(probed=run.probed, tuned=run.tuned)
    chosen = None if judged.leader is None else judged.offered[judged.leader]
    return answer_of(final, judged, tuple(run.steps)), chosen


def _without(judge: Judge, model: ModelRecord) -> Judge:
    """Return the judge with a model that may no longer be taken; what it did elsewhere counts."""
    question = judge.question
    kept = [each for each in question.models if each.id != model.id]
    return judge.about(replace(question, models=kept, others=(*question.others, model)))


def _probe(run: _Run, judge: Judge, default: str) -> Judge:
    """Probe the default, then one model after the other while they promise something.

    Returns the judge of the models that could be loaded.
    """
    # What the libraries take to load is a part of the first step.
    since = perf_counter()
    from task2vec.engine.probing import linear_probe

    records = {model.id: model for model in (*judge.question.models, *judge.question.others)}
    upcoming: ModelRecord | None = records[default]
    while upcoming is not None:
        run.tell(f"probing {upcoming.name}", run.spent, run.budget)
        probe = run.load(upcoming, default)
        if probe is None:
            judge = _without(judge, upcoming)
            judged = judge.judge(probed=run.probed)
        else:
            pace = _Pace(since)
            found = linear_probe(probe, run.task, images=run.images, progress=pace.hear)
            if found is None:
                return judge
            run.paces.append(pace)
            run.probed[upcoming.id] = found
            judged = judge.judge(probed=run.probed)
            paired = gain_of(upcoming.id, run.probed, default)
            gain = paired.gain if paired else 0.0
            run.told(StepKind.FORWARD_PASS, upcoming, judged, since=since, gain=gain)
        tried = np.array([model.id in run.probed for model in judged.offered])
        expected = run.usual(StepKind.FORWARD_PASS)
        late = run.spent + expected > PROBING_SHARE * run.budget
        leader = judged.leader
        if leader is None:
            return judge
        if late and len(run.probed) > 1:
            left = worth_trying(judged.belief, leader=leader, tried=tried)
            models = [judged.offered[i] for i in left]
            run.out_of_time(StepKind.FORWARD_PASS, models, expected=expected)
            return judge
        place = next_model(judged.belief, leader=leader, tried=tried)
        upcoming = None if place is None else judged.offered[place]
        since = perf_counter()
    return judge


def _race(run: _Run, judge: Judge, default: str) -> Judge:
    """Fine-tune the default and its best rivals for a short while, if one may be worth it.

    Returns the judge of the models that could be loaded.
    """
    from task2vec.engine.racing import short_tuning

    judged = judge.judge(probed=run.probed)
    leader = judged.leader
    # Images that no probe can be made on (one of each class) hold none out to race on either.
    if leader is None or judged.default is None or not run.probed:
        return judge
    promise = promises(judged.belief, leader=judged.default)
    rivals = [int(i) for i in np.argsort(-promise, kind="stable") if promise[i] > 0]
    runners = [judged.default, *(i for i in rivals if i != judged.default)][:RACING]
    # Against nobody there is nothing to race for.
    if len(runners) < 2:
        return judge
    for number, place in enumerate(runners):
        model = judged.offered[place]
        left = run.budget - run.spent
        expected = run.usual(StepKind.FINE_TUNING) or _first_tuning(run)
        # The default is tuned first, which tells nothing without a rival to compare it with.
        if expected * (2 if not run.tuned else 1) > left:
            models = [judged.offered[i] for i in runners[number:]]
            run.out_of_time(StepKind.FINE_TUNING, models, expected=expected)
            return judge
        since = perf_counter()
        run.tell(f"fine-tuning {model.name}", run.spent, run.budget)
        probe = run.load(model, default)
        if probe is None:
            judge = _without(judge, model)
            continue
        found = short_tuning(probe, run.task, images=run.images, settings=SHORT)
        if found is None:
            return judge
        run.tuned[model.id] = found
        after = judge.judge(probed=run.probed, tuned=run.tuned)
        paired = gain_of(model.id, run.tuned, default)
        run.told(
            StepKind.FINE_TUNING,
            model,
            after,
            since=since,
            gain=paired.gain if paired else 0.0,
        )
    return judge


def _first_tuning(run: _Run) -> float:
    """Return how many seconds a first fine-tuning will take, by what probes took.

    It loads the model and reads the images as a probe does. A probe then takes every image through
    the network once; training takes three times as long as that for each image, forward, back, and
    to the weights.
    """
    from task2vec.recommend.finetune import passes
    from task2vec.recommend.holdout import foreseen

    task = run.task.without("test") or run.task
    training, validation, test = foreseen(task, images=run.images, seed=SHORT.seed)
    images = passes(training, validation=validation, test=test, settings=SHORT)
    read = _longest([pace.read for pace in run.paces])
    return read + 3 * images * _longest([pace.an_image for pace in run.paces])
