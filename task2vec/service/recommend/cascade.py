"""Recommends within a budget of seconds: distances propose, measurements on the images decide.

Linear probes on frozen features come first, the model that promises most next, for at most
`PROBING_SHARE` of the budget, or all of it where a race would not fit in the rest. Then the leader,
the default and the most promising rival are fine-tuned for a short while, as long as time remains.
Every measurement moves the belief about all models; measuring stops when no model promises anything
worth it. No image of a split called test is looked at: what is made of the chosen model will be
tested on these. What was measured for an earlier answer is known, counts and takes no time.
"""

from dataclasses import replace

import numpy as np

from task2vec.finetuning.foreseen_work import passes
from task2vec.finetuning.probe_cache import KnownProbe, machine
from task2vec.finetuning.prober import Prober
from task2vec.finetuning.settings import FineTuningSettings, ShortSettings
from task2vec.finetuning.splits import foreseen
from task2vec.messages.models import Model
from task2vec.messages.recommendations import Recommended, StepKind
from task2vec.recommendation.answer.answer import answer_of
from task2vec.recommendation.answer.belief import Judge
from task2vec.recommendation.answer.measured_gains import gain_of
from task2vec.recommendation.answer.question import Question
from task2vec.recommendation.measure.cascade import promises, worth_trying
from task2vec.service.models.availability import not_offered
from task2vec.service.recommend.budget_run import (
    PROBING_SHARE,
    BudgetRun,
    LeftOutError,
)
from task2vec.service.recommend.probing import Progress, known_measurements
from task2vec.service.recommend.training_time import PlannedTraining
from task2vec.service.workspace import Workspace

#: Models in the race of short fine-tunings, the default among them.
RACING = 3
#: How long a short fine-tuning is.
SHORT: FineTuningSettings = ShortSettings()


def recommend_within(
    workspace: Workspace,
    question: Question,
    prober: Prober,
    *,
    budget: float,
    progress: Progress | None = None,
) -> Recommended:
    """Measure on the images of a prober for at most some ``budget`` seconds, then answer.

    What was measured on them before counts and takes no time.

    A measurement that has begun is finished; one begins only if, by what the last of its kind took,
    it will end in time. The first linear probes, of the default and of one rival, are always made.

    A starting model that cannot be loaded, such as one of a hub that is away, is left out with a
    warning. So is one whose file is no longer what was registered, byte by byte: that is compared
    when its turn comes, and of the chosen one before it is answered. Others are not looked at.

    Raises `SourceError` when the task cannot be used, `StoreError` or `WeightsError` for a default
    that cannot be loaded.
    """
    run = BudgetRun(workspace, prober, budget, progress)
    return answer_of_run(run, Judge(question))


def answer_of_run(run: BudgetRun, judge: Judge) -> Recommended:
    """Measure what a run has time for, and answer: see `recommend_within`."""
    default = judge.question.default
    run.record(StepKind.DISTANCE, None, judge.judge(probed={}), since=run.began)
    judge = _probe(run, judge, default)
    judge = _race(run, judge, default)
    answer, chosen = _answer(run, judge)
    while not (chosen is None or chosen.id == default or run.is_sound(chosen)):
        judge = _without(judge, chosen)
        answer, chosen = _answer(run, judge)
    untried = run.out_of_time_warning(limited=judge.question.limit is not None)
    warnings = (*untried, *run.warnings, *not_offered(run.lost))
    return answer.model_copy(
        update={
            "untried": tuple(run.untried),
            "budget_needed": run.budget_needed(),
            "warnings": warnings,
        }
    )


def _answer(run: BudgetRun, judge: Judge) -> tuple[Recommended, Model | None]:
    """Return the answer that all measurements amount to, and the record of the chosen model."""
    # In the order of the ids, whatever was measured first: sums depend on it in the last digit.
    probed, tuned = dict(sorted(run.probed.items())), dict(sorted(run.tuned.items()))
    question = replace(judge.question, measured=probed, tuned=tuned)
    final = judge.about(_timed(question, run))
    judged = final.judge(probed=probed, tuned=tuned)
    chosen = None if judged.leader is None else judged.offered[judged.leader]
    return answer_of(final, judged, tuple(run.steps)), chosen


def _timed(question: Question, run: BudgetRun) -> Question:
    """Return the question with the seconds of training, and the time that measuring leaves."""
    models, limit = (*question.models, *question.others), question.limit
    paces = run.paces or run.earlier_paces
    if limit is not None:
        if run.probed:
            paces = run.paces_by_model(next(m for m in models if m.id == question.default))
        limit = replace(limit, left=limit.left - run.spent)
    planned = PlannedTraining.on(run.task) if paces else None
    seconds = planned.seconds(models, paces) if planned else {}
    return replace(question, seconds=seconds, limit=limit)


def _without(judge: Judge, model: Model) -> Judge:
    """Return the judge with a model that may no longer be taken; what it did elsewhere counts."""
    question = judge.question
    kept = [each for each in question.models if each.id != model.id]
    return judge.about(replace(question, models=kept, others=(*question.others, model)))


def _probe(run: BudgetRun, judge: Judge, default: str) -> Judge:
    """Probe the default, then one model after the other while they promise something.

    Returns the judge of the models that could be loaded.
    """
    # What the libraries take to load is a part of the first step.
    since = run.now()
    records = {model.id: model for model in (*judge.question.models, *judge.question.others)}
    measured_before = known_measurements(run.prober, judge.question)
    upcoming: Model | None = records[default]
    while upcoming is not None:
        run.tell(f"probing {upcoming.name}")
        try:
            probe, cached = run.probe(upcoming, default, since=since)
        except LeftOutError:
            judge = _without(judge, upcoming)
            judged = judge.judge(probed=run.probed)
        else:
            if probe is None:
                return judge
            if not cached:
                run.paces[upcoming.id] = probe.pace
            elif probe.machine == machine():
                run.earlier_paces[upcoming.id] = probe.pace
            run.probed[upcoming.id] = probe.found
            judged = judge.judge(probed=run.probed)
            paired = gain_of(upcoming.id, run.probed, default)
            run.record(
                StepKind.FORWARD_PASS,
                upcoming,
                judged,
                since=since,
                gain=paired.gain if paired else 0.0,
                known=probe if cached else None,
            )
        leader = judged.leader
        if leader is None:
            return judge
        since = run.now()
        tried = np.array([model.id in run.probed for model in judged.offered])
        # What is known takes no time, and counts wherever the question is asked.
        ahead = (m for m in judged.offered if m.id in measured_before and m.id not in run.probed)
        upcoming = next(ahead, None)
        if upcoming is not None:
            continue
        places = worth_trying(judged.belief, leader=leader, tried=tried)
        models = [judged.offered[place] for place in places]
        if not models:
            return judge
        expected = run.expected_seconds(StepKind.FORWARD_PASS)
        if len(run.probed) > 1 and run.spent + expected > _probing_time(run, records[default]):
            run.out_of_time(StepKind.FORWARD_PASS, models, expected=expected)
            return judge
        upcoming = models[0]
    return judge


def _probing_time(run: BudgetRun, default: Model) -> float:
    """Return how many seconds may pass until the last probe ends.

    All, where what `PROBING_SHARE` leaves is too short for the two fine-tunings of a race.
    """
    share = PROBING_SHARE * run.budget
    return run.budget if 2 * _first_tuning(run, default) > run.budget - share else share


def _race(run: BudgetRun, judge: Judge, default: str) -> Judge:
    """Fine-tune the default and its best rivals for a short while, if one may be worth it.

    Returns the judge of the models that could be loaded.
    """
    # Images that no probe can be made on (one of each class) hold none out to race on either.
    if not run.probed:
        return judge
    _recall(run, judge, default)
    judged = judge.judge(probed=run.probed, tuned=run.tuned)
    leader = judged.leader
    if leader is None or judged.default is None:
        return judge
    promise = promises(judged.belief, leader=judged.default)
    rivals = [int(i) for i in np.argsort(-promise, kind="stable") if promise[i] > 0]
    ranked = [judged.default, *(i for i in rivals if i != judged.default)]
    # Against nobody there is nothing to race for.
    if len(ranked) < 2:
        return judge
    untried = [i for i in ranked if judged.offered[i].id not in run.tuned]
    runners = untried[: max(RACING - len(run.tuned), 0)]
    for number, place in enumerate(runners):
        model = judged.offered[place]
        left = run.budget - run.spent
        plain = judged.offered[judged.default]
        expected = run.expected_seconds(StepKind.FINE_TUNING) or _first_tuning(run, plain)
        # The default is tuned first, which tells nothing without a rival to compare it with.
        if expected * (2 if not run.tuned else 1) > left:
            models = [judged.offered[i] for i in runners[number:]]
            run.out_of_time(StepKind.FINE_TUNING, models, expected=expected)
            return judge
        since = run.now()
        run.tell(f"fine-tuning {model.name}")
        try:
            tuned = run.tune(model, default, settings=SHORT, since=since)
        except LeftOutError:
            judge = _without(judge, model)
            continue
        if tuned is None:
            return judge
        _count(run, judge, model, tuned, since=since)
    return judge


def _recall(run: BudgetRun, judge: Judge, default: str) -> None:
    """Let the short fine-tunings count that were measured before, that of the default first."""
    measured_before = known_measurements(run.prober, judge.question, SHORT)
    records = {model.id: model for model in (*judge.question.models, *judge.question.others)}
    for id_ in sorted(measured_before, key=lambda id_: (id_ != default, id_)):
        _count(run, judge, records[id_], measured_before[id_], since=run.now(), cached=True)


def _count(
    run: BudgetRun,
    judge: Judge,
    model: Model,
    tuned: KnownProbe,
    *,
    since: float,
    cached: bool = False,
) -> None:
    """Let a short fine-tuning count, and tell the step."""
    run.tuned[model.id] = tuned.found
    paired = gain_of(model.id, run.tuned, judge.question.default)
    run.record(
        StepKind.FINE_TUNING,
        model,
        judge.judge(probed=run.probed, tuned=run.tuned),
        since=since,
        gain=paired.gain if paired else 0.0,
        known=tuned if cached else None,
    )


def _first_tuning(run: BudgetRun, default: Model) -> float:
    """Return how many seconds a first fine-tuning will take, by what probes took.

    It loads the model and reads the images as a probe does. A probe then takes every image through
    the network once; training takes three times as long as that for each image, forward, back, and
    to the weights.
    """
    task = run.task.without("test") or run.task
    training, validation, test = foreseen(task, images=run.prober.images, seed=SHORT.seed)
    images = passes(training, validation=validation, test=test, settings=SHORT)
    pace = run.pace(default)
    return pace.read + 3 * images * pace.an_image
