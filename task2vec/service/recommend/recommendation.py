"""Which starting model to take for a task: gathers what is known, measures, and answers."""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter

from task2vec.errors import SourceError
from task2vec.finetuning.probe_cache import Pace, machine
from task2vec.finetuning.prober import Prober
from task2vec.messages.models import Model
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.recommendations import (
    Recommended,
)
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.belief import Judge
from task2vec.recommendation.answer.question import Question, TimeLimit
from task2vec.recommendation.evidence.outcomes import unused_note
from task2vec.recommendation.measure.cascade import measuring_order
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.models.availability import unchanged_note
from task2vec.service.models.limits import check_limits
from task2vec.service.models.timm_snippet import starting_code
from task2vec.service.models.zoo import list_models
from task2vec.service.recommend.cascade import SHORT, recommend_within
from task2vec.service.recommend.evidence import earlier_experts, gather, offer
from task2vec.service.recommend.explaining import explained
from task2vec.service.recommend.probing import (
    Progress,
    comparable,
    found_in,
    images_of,
    known_measurements,
    not_measured,
    not_probed,
    overrun,
    prober_of,
)
from task2vec.service.recommend.training_time import PlannedTraining
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace

#: The most models that a worker gets, beside the default: more than a budget is enough for.
MOST_MEASURED = 24


def recommend(
    workspace: Workspace,
    question: RecommendationQuestion,
    subject: Subject,
    *,
    measured: Mapping[str, ProbeAccuracy] | None = None,
    missing: SourceError | None = None,
    paces: Mapping[str, Pace] | None = None,
    spent: float = 0.0,
    progress: Progress | None = None,
) -> Recommended:
    """Rank the starting models for a task, and say whether to leave the default for any of them.

    Experts are judged by how near their own task is, and every model by its outcomes on near tasks.
    Where the task's own images are at hand, the models that promise most are measured on them for
    the question's seconds, see `recommend_within`. What was measured on them before counts in any
    case, also where there are none. Tasks that share images with it are no evidence: see
    `find_shared`.

    Args:
        workspace: where models, tasks and outcomes are.
        question: what the models must keep to, and how long to measure.
        subject: the task.
        measured: linear probes by the id of their model (see `models_to_measure`), measured
            elsewhere; when they are given, nothing is measured here and no engine is started.
            What was measured before is added to them.
        missing: why the task's images are not at hand, where that is known.
        paces: how long the models of ``measured`` took, by id.
        spent: the seconds that embedding took, and measuring elsewhere, of the question's `time`.
        progress: called for each model that is probed.

    Raises `SettingError` when no model passes the limits.
    """
    everything = list_models(workspace)
    check_limits(question, everything)
    began = perf_counter()
    evidence = gather(workspace, question, subject, everything)
    ranking, images = evidence.ranking, None
    if question.time is not None:
        # What is not stored is embedded once more by `finetune`, which stores it.
        again = spent if subject.record is None and measured is None else 0.0
        left = question.time - spent - again - (perf_counter() - began)
        ranking = replace(ranking, limit=TimeLimit(question.time, left))
    if question.seconds > 0 and measured is None:
        try:
            images = images_of(workspace, subject)
        except SourceError as error:
            missing = error
    prober = prober_of(workspace, subject, images=question.settings.images, task=images)
    if images is None:
        ranking = _timed(ranking, prober, paces or {})
        answer, notes = _from_known(ranking, prober, measured or {}, missing)
    else:
        answer, notes = _by_measuring(workspace, ranking, prober, question.seconds, progress)
    if not ranking.models:
        answer = answer.model_copy(update={"reason": "no model within the limits can be used"})
    answer = explained(workspace, subject, ranking, answer)
    earlier = earlier_experts(workspace, subject, evidence.shared, everything)
    notes += [offer(each, subject) for each in earlier]
    notes += _unused(ranking, answer)
    same = evidence.shared.same
    return answer.model_copy(
        update={
            "code": _code(workspace, subject, ranking, answer),
            "evidence_summary": " ".join(
                [answer.evidence_summary, *unchanged_note(evidence.unchanged)]
            ),
            "shared_images": evidence.shared.findings,
            "earlier_experts": earlier,
            "stored_as": same[0] if subject.record is None and same else None,
            "images_missing": missing is not None,
            "warnings": (*subject.warnings, *evidence.warnings, *notes, *answer.warnings),
        }
    )


def models_to_measure(
    workspace: Workspace, question: RecommendationQuestion, subject: Subject
) -> list[Model]:
    """Return what is worth a measurement on the images of a stored task, most of it first.

    The default comes first, since gains are over it. For a worker, which measures without the
    store.
    """
    ranking = gather(workspace, question, subject, list_models(workspace)).ranking
    judged = Judge(ranking).judge(probed={})
    models = (*ranking.models, *ranking.others)
    order = [model for model in models if model.id == ranking.default][:1]
    if judged.leader is not None:
        places = measuring_order(judged.belief, leader=judged.leader, most=MOST_MEASURED)
        order += [judged.offered[place] for place in places if place != judged.default]
    return order


def _by_measuring(
    workspace: Workspace,
    ranking: Question,
    prober: Prober,
    budget: float,
    progress: Progress | None,
) -> tuple[Recommended, list[str]]:
    """Return the answer after measuring on the task's images, with notes on that."""
    answer = recommend_within(workspace, ranking, prober, budget=budget, progress=progress)
    notes = []
    if len(answer.steps) == 1:
        notes.append(not_probed(prober.task))
    notes += overrun(sum(each.seconds for each in answer.steps), budget, limit=ranking.limit)
    return answer, notes


def _from_known(
    ranking: Question,
    prober: Prober,
    measured: Mapping[str, ProbeAccuracy],
    missing: SourceError | None,
) -> tuple[Recommended, list[str]]:
    """Return the answer from what was measured elsewhere or before, with notes on what was not."""
    probed = comparable(
        {**found_in(known_measurements(prober, ranking)), **measured}, default=ranking.default
    )
    tuned = found_in(known_measurements(prober, ranking, SHORT))
    answer = rank(replace(ranking, measured=dict(sorted(probed.items())), tuned=tuned))
    if missing is None:
        return answer, []
    return answer, [not_measured(missing, known=len(probed) + len(tuned))]


def _timed(ranking: Question, prober: Prober, paces: Mapping[str, Pace]) -> Question:
    """Return the question with the seconds of training, as far as measurements tell them.

    Without ``paces`` those of before tell, if they are of this machine.
    """
    if not paces:
        earlier = known_measurements(prober, ranking)
        paces = {id_: each.pace for id_, each in earlier.items() if each.machine == machine()}
        order = sorted(paces, key=lambda id_: id_ != ranking.default)
        paces = {id_: paces[id_] for id_ in order}
    plan = PlannedTraining.on_images(ranking.images, classes=ranking.classes, most=prober.images)
    models = (*ranking.models, *ranking.others)
    return replace(ranking, seconds=plan.seconds(models, paces) if paces else {})


def _unused(ranking: Question, answer: Recommended) -> list[str]:
    """Return the note on outcomes of the task, or of models in the answer, that are not used."""
    named = {each.model for each in answer.recommendations}
    candidates = {model.id for model in ranking.models if model.name in named}
    return unused_note(
        outcome
        for outcome in ranking.gains.unused
        if outcome.task == ranking.target or outcome.model in candidates
    )


def _code(workspace: Workspace, subject: Subject, ranking: Question, answer: Recommended) -> str:
    chosen = next((model for model in ranking.models if model.name == answer.chosen), None)
    if chosen is None:
        return ""
    return starting_code(workspace, chosen, subject.embedding.provenance.classes)
