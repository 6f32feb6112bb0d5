"""Which starting model to take for a task: gathers what is known and lets the ranker judge."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from task2vec.data.wording import examples
from task2vec.distance.embedding_distances import task_complexity
from task2vec.errors import SettingError, SourceError
from task2vec.messages.recommendations import Recommended
from task2vec.recommend.answer.answer import rank
from task2vec.recommend.answer.belief import Judge
from task2vec.recommend.answer.question import Question
from task2vec.recommend.evidence.gains import GainTable
from task2vec.recommend.evidence.outcomes_without_baseline import unused_note
from task2vec.recommend.measure.cascade import measuring_order
from task2vec.recommend.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.image_counts import uneven_images
from task2vec.service.models.availability import offered, unchanged_note
from task2vec.service.models.limits import Limits, to_choose_from
from task2vec.service.models.timm_snippet import starting_code
from task2vec.service.models.zoo import list_models
from task2vec.service.outcomes.outcomes import outcomes_elsewhere
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.cascade import SHORT, recommend_within
from task2vec.service.recommend.earlier_experts import earlier_experts, offer
from task2vec.service.recommend.explaining import explained
from task2vec.service.recommend.known_tasks import known_tasks
from task2vec.service.recommend.probing import (
    Progress,
    comparable,
    found_in,
    images_of,
    known_probes,
    known_tunings,
    not_measured,
    not_probed,
    prober_of,
)
from task2vec.service.tasks.shared_images import SharedTasks, find_shared
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.types import ModelRecord
from task2vec.types.details import HeadInformation
from task2vec.types.measuring import BUDGET, MOST_SHARED
from task2vec.types.scatter import ClassScatter

__all__ = [
    "Limits",
    "Progress",
    "check_answerable",
    "models_to_measure",
    "recommend",
]

#: The most models that a worker gets, beside the default: more than a budget is enough for.
MOST_MEASURED = 24


def recommend(
    workspace: Workspace,
    subject: Subject,
    *,
    k: int = 5,
    limits: Limits | None = None,
    images: int = 300,
    measured: Mapping[str, ProbeAccuracy] | None = None,
    published: bool = True,
    budget: float = BUDGET,
    max_shared: float = MOST_SHARED,
    explain: bool = False,
    missing: SourceError | None = None,
    progress: Progress | None = None,
) -> Recommended:
    """Rank the starting models for a task, and say whether to leave the default for any of them.

    Experts are judged by how near their own task is, and every model by its outcomes on near tasks.
    Where the task's own images are at hand, the models that promise most are measured on them. What
    was measured on them before counts in any case, unless the budget is 0. Tasks that share images
    with it are no evidence: see `find_shared`.

    Args:
        workspace: where models, tasks and outcomes are.
        subject: the task.
        k: the most experts in the answer, besides those that were measured.
        limits: what the models must keep to.
        images: how many images of the task are probed on at most.
        measured: linear probes by the id of their model (see `models_to_measure`), measured
            elsewhere; when they are given, nothing is measured here and no engine is started.
            What was measured before is added to them.
        published: whether published figures of models count.
        budget: seconds to measure on the task's own images for, see `recommend_within`; 0 measures
            nothing, and leaves out what was measured before.
        max_shared: the share of the task's images that another task may have and still be evidence.
        explain: whether the answer has an `Explanation`.
        missing: why the task's images are not at hand, where that is known.
        progress: called for each model that is probed.

    Raises:
        SettingError: when no model passes the limits, ``k`` is below 1, or the budget is no number
            of seconds.
    """
    limits = limits or Limits()
    everything = list_models(workspace)
    check_answerable(everything, k=k, limits=limits, budget=budget)
    question, shared, unchanged, warnings = _asked(
        workspace, subject, everything, limits=limits, k=k, max_shared=max_shared
    )
    models = question.models
    question = replace(question, published=published, explain=explain)
    if (store := workspace.existing_store()) is not None:
        warnings += outcomes_elsewhere(store, question.gains, subject.embedding.space)
    # Of the others no distance counts.
    telling = question.gains.tasks | {model.task for model in models}
    counts = {task.name: task.images for id_, task in question.tasks.items() if id_ in telling}
    warnings += uneven_images(subject.name, question.images, counts)
    task = None
    if budget > 0 and measured is None:
        try:
            task = images_of(workspace, subject)
        except SourceError as error:
            missing = error
    prober = prober_of(workspace, subject, images=images, task=task)
    if task is not None:
        answer = recommend_within(
            workspace,
            question,
            prober,
            budget=budget,
            progress=progress and (lambda what, spent, all_: progress(what, int(spent), int(all_))),
        )
        if len(answer.steps) == 1:
            warnings.append(not_probed(task))
        spent = sum(step.seconds for step in answer.steps)
        if spent > budget:
            warnings.append(
                f"measuring took {spent:.0f} s, more than the budget of {budget:g} s: the default "
                "and one other model are always probed, and a measurement that has begun is "
                "finished"
            )
    else:
        probed, tuned = dict(measured or {}), dict[str, ProbeAccuracy]()
        if budget > 0:
            probed = comparable(
                {**found_in(known_probes(prober, question)), **probed}, default=question.default
            )
            tuned = found_in(known_tunings(prober, question, SHORT))
        answer = rank(replace(question, measured=dict(sorted(probed.items())), tuned=tuned))
        if missing is not None:
            warnings.append(not_measured(missing, known=len(probed) + len(tuned)))
    if not models:
        answer = answer.model_copy(update={"reason": "no model within the limits can be used"})
    answer = explained(workspace, subject, question, answer)
    earlier = earlier_experts(workspace, subject, shared, everything)
    warnings += [offer(each, subject) for each in earlier]
    named = {each.model for each in answer.recommendations}
    candidates = {model.id for model in models if model.name in named}
    warnings += unused_note(
        o for o in question.gains.unused if o.task == question.target or o.model in candidates
    )
    chosen = next((model for model in models if model.name == answer.chosen), None)
    code = ""
    if chosen is not None:
        code = starting_code(workspace, chosen, subject.embedding.provenance.classes)
    return answer.model_copy(
        update={
            "code": code,
            "evidence_summary": " ".join([answer.evidence_summary, *unchanged_note(unchanged)]),
            "shared_images": shared.findings,
            "earlier_experts": earlier,
            "stored_as": shared.same[0] if subject.record is None and shared.same else None,
            "images_missing": missing is not None,
            "warnings": (*subject.warnings, *warnings, *answer.warnings),
        }
    )


def models_to_measure(
    workspace: Workspace,
    subject: Subject,
    *,
    limits: Limits,
    published: bool = True,
    max_shared: float = MOST_SHARED,
) -> list[ModelRecord]:
    """Return what is worth a measurement on the images of a stored task, most of it first.

    The default comes first, since gains are over it. For a worker, which measures without the
    store.
    """
    everything = list_models(workspace)
    question, _, _, _ = _asked(
        workspace, subject, everything, limits=limits, k=1, max_shared=max_shared
    )
    question = replace(question, published=published)
    judged = Judge(question).judge(probed={})
    known = (*question.models, *question.others)
    order = [model for model in known if model.id == question.default][:1]
    if judged.leader is not None:
        found = measuring_order(judged.belief, leader=judged.leader, most=MOST_MEASURED)
        order += [judged.offered[place] for place in found if place != judged.default]
    return order


def _asked(
    workspace: Workspace,
    subject: Subject,
    everything: list[ModelRecord],
    *,
    limits: Limits,
    k: int,
    max_shared: float,
) -> tuple[Question, SharedTasks, list[str], list[str]]:
    """Return the question of a task, what shares images with it, unchanged models, and warnings.

    ``everything`` are all models that there are.
    """
    allowed = [model for model in everything if limits.allow(model)]
    models, unchanged, warnings = offered(workspace, allowed)
    left_out = [model.name for model in everything if not limits.allow(model)]
    if left_out:
        warnings.append(f"left out, because they exceed the limits: {examples(left_out)}")
    shared = find_shared(workspace, subject, most=max_shared)
    models = shared.models(models)
    warnings += [*shared.warnings, *shared.descended(everything)]
    question = _question(workspace, subject, models, everything, shared, k=k)
    return question, shared, unchanged, warnings


def check_answerable(
    models: Iterable[ModelRecord], *, k: int, limits: Limits, budget: float = BUDGET
) -> None:
    """Raise `SettingError` for what `recommend` refuses about any task, before one is embedded.

    ``models`` are all that there are.
    """
    if not 0 <= budget < math.inf:
        raise SettingError(
            "The budget is unusable",
            expected="a finite number of seconds, 0 to measure nothing",
            got=f"{budget:g}",
        )
    if k < 1:
        raise SettingError("k is out of range", expected="at least 1", got=str(k))
    everything = list(models)
    if not any(limits.allow(model) for model in everything):
        raise SettingError(
            "No starting model passes the limits",
            expected="at least one of the models that `task2vec models list` shows",
            got=f"none with {limits}",
            remedy="Loosen the limits on parameters, input size, architecture or licence."
            + to_choose_from(limits, everything),
        )


def _question(
    workspace: Workspace,
    subject: Subject,
    models: list[ModelRecord],
    everything: list[ModelRecord],
    shared: SharedTasks,
    *,
    k: int,
) -> Question:
    store, default = workspace.existing_store(), default_model_id()
    outcomes = shared.outcomes(store.outcomes.list(), everything) if store else []
    # Of a task without an expert and an outcome nothing is compared but its embedding.
    telling = {outcome.task for outcome in outcomes} | {
        model.task for model in everything if model.task
    }
    tasks, between = known_tasks(workspace, subject, telling=telling, k=k, excluded=shared.excluded)
    target = subject.record.id if subject.record else ""
    scatters, heads = dict[str, ClassScatter](), dict[str, HeadInformation]()
    if store:
        scatters = store.tasks.scatters([*(id_ for id_ in tasks if id_ in telling), target])
        heads = store.tasks.heads([*tasks, target])
    details = subject.details
    return Question(
        models=models,
        default=default,
        tasks=tasks,
        between=between,
        gains=GainTable(outcomes, default),
        others=shared.models(everything),
        seen=shared.seen(everything),
        name=subject.name,
        target=target or None,
        images=subject.embedding.provenance.images,
        classes=subject.embedding.provenance.classes,
        complexity=task_complexity(subject.embedding),
        scatters=scatters,
        scatter=scatters.get(target) if details is None else details.scatter,
        heads=heads,
        head=heads.get(target) if details is None else details.head,
        k=k,
    )
