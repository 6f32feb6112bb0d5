"""What the store knows that counts for a recommendation."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from task2vec.data.wording import examples, shown
from task2vec.distance.embedding_distances import task_complexity
from task2vec.distance.matrix import symmetric_matrix
from task2vec.messages.models import Model
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.recommendations import (
    EarlierExpert,
)
from task2vec.recommendation.answer.question import KnownTask, Question
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.leaks import count_shared
from task2vec.service.models.availability import Weights, offered, weights_of
from task2vec.service.models.limits import allowed
from task2vec.service.outcomes import outcomes_elsewhere
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.shipped_tasks import shipped_evidence
from task2vec.service.tasks.search import uneven_images
from task2vec.service.tasks.shared_images import SharedTasks, find_shared
from task2vec.service.tasks.subjects import Subject, files_of, same_folder
from task2vec.service.workspace import Workspace
from task2vec.store.index.protocol import Judged
from task2vec.types.details import HeadInformation
from task2vec.types.scatter import ClassScatter
from task2vec.types.tuning import RECIPES, Recipe

#: Tasks that tell something, by an expert or an outcome: as many of the nearest count at most,
#: since their distances to one another take a second.
_MOST = 200
#: Of the others, as many of the nearest and of the best sources are returned: a store may have
#: thousands, and every two of the tasks that are returned have a distance.
_OTHERS = 50
#: The share of the earlier task's images that the target must have, from another folder.
LEAST_KEPT = 0.5


@dataclass(frozen=True)
class Evidence:
    """What the store knows that counts for a question, and what is said of the rest.

    ``unchanged`` are names of experts that fine-tuning left as they were.
    """

    ranking: Question
    shared: SharedTasks
    unchanged: list[str]
    warnings: list[str]


def gather(
    workspace: Workspace,
    question: RecommendationQuestion,
    subject: Subject,
    everything: list[Model],
) -> Evidence:
    """Return the evidence for a question; ``everything`` are all models that there are."""
    within = [model for model in everything if allowed(model, question)]
    models, unchanged, warnings = offered(workspace, within)
    left_out = [model.name for model in everything if not allowed(model, question)]
    if left_out:
        warnings.append(f"left out, because they exceed the limits: {examples(left_out)}")
    shared = find_shared(workspace, subject, most=question.max_shared, bundles=question.bundles)
    models = shared.models(models)
    warnings += [*shared.warnings, *shared.descended(everything)]
    ranking = _ranking(workspace, question, subject, models, everything, shared)
    if (store := workspace.existing_store()) is not None:
        warnings += outcomes_elsewhere(store, ranking.gains, subject.embedding.space)
    # Of the others no distance counts, and those of bundles nobody here can embed again.
    telling = ranking.gains.tasks | {model.task for model in models}
    counts = {
        task.name: task.images
        for id_, task in ranking.tasks.items()
        if id_ in telling and task.bundle is None
    }
    warnings += [
        f"{warning}. What was measured on your images says more"
        for warning in uneven_images(subject.name, ranking.images, counts)
    ]
    return Evidence(ranking, shared, unchanged, warnings)


def _ranking(
    workspace: Workspace,
    question: RecommendationQuestion,
    subject: Subject,
    models: list[Model],
    everything: list[Model],
    shared: SharedTasks,
) -> Question:
    store, default = workspace.existing_store(), default_model_id()
    outcomes = shared.outcomes(store.outcomes.list(), everything) if store else []
    theirs = set[str]()
    if not question.bundles and store:
        theirs = {record.id for record in store.tasks.list() if record.bundle is not None}
        outcomes = [outcome for outcome in outcomes if outcome.task not in theirs]
    # Of a task without an expert and an outcome nothing is compared but its embedding.
    telling = {outcome.task for outcome in outcomes} | {
        model.task for model in everything if model.task
    }
    tasks, between = known_tasks(
        workspace, subject, telling=telling, k=question.k, excluded=shared.excluded | theirs
    )
    target = subject.record.id if subject.record else ""
    scatters, heads = dict[str, ClassScatter](), dict[str, HeadInformation]()
    if store:
        scatters = store.tasks.scatters([*(id_ for id_ in tasks if id_ in telling), target])
        heads = store.tasks.heads([*tasks, target])
    ours = shipped_evidence(workspace, question, subject)
    tasks, between = ours.beside(workspace, tasks, between, telling)
    outcomes += ours.outcomes
    details, about = subject.details, subject.embedding.provenance
    return Question(
        models=models,
        default=default,
        tasks=tasks,
        between=between,
        gains=GainTable(
            outcomes,
            default,
            theirs={o.task for o in outcomes if o.bundle is not None},
            shots=about.images / about.classes,
        ),
        others=shared.models(everything),
        seen=shared.seen(everything),
        name=subject.name,
        target=target or None,
        images=about.images,
        classes=about.classes,
        complexity=task_complexity(subject.embedding),
        scatters={**scatters, **ours.scatters},
        scatter=scatters.get(target) if details is None else details.scatter,
        heads={**heads, **ours.heads},
        head=heads.get(target) if details is None else details.head,
        k=question.k,
        published=question.published,
        explain=question.explain,
        recipes=RECIPES if question.recipe is Recipe.AUTO else (question.recipe,),
    )


def known_tasks(
    workspace: Workspace,
    subject: Subject,
    *,
    telling: Container[str],
    k: int = 0,
    excluded: Container[str] = (),
) -> tuple[dict[str, KnownTask], NDArray[np.float64]]:
    """Return tasks by id, without the target and its copies, and their distances (T, T).

    Those are the nearest of those that are ``telling``, by their ids, the nearest of all, and,
    ``k`` at least, the best sources of all. ``excluded`` are the ids of those that share images
    with it, see `find_shared`.

    Of tasks that are not telling only the distances to the target matter; those to others are
    given as 1, as if they had nothing in common.
    """
    store = workspace.existing_store()
    if store is None:
        return {}, np.zeros((0, 0))
    target = subject.embedding
    copies = target.provenance.content_hash
    judged = [
        each
        for each in store.index(target.space).judge(target)
        if each.record.provenance.content_hash != copies
        and each.record.id not in excluded
        and not _is(each.record.id, subject)
    ]
    near = sorted(range(len(judged)), key=lambda i: judged[i].symmetric)
    tell = [i for i in near if judged[i].record.id in telling][:_MOST]
    best = sorted(range(len(judged)), key=lambda i: (judged[i].asymmetric, judged[i].record.name))
    kept = sorted({*tell, *near[:_OTHERS], *best[: max(k, _OTHERS)]})
    rows = np.flatnonzero(np.isin(kept, tell))
    judged = [judged[i] for i in kept]
    tasks = {each.record.id: _known(each) for each in judged}
    between = np.ones((len(tasks), len(tasks)))
    np.fill_diagonal(between, 0)
    if len(rows):
        values = np.stack([store.tasks.embedding(judged[row].record.id).values for row in rows])
        distances = symmetric_matrix(values, values, prior_precision=target.space.prior_precision)
        np.fill_diagonal(distances, 0)
        between[np.ix_(rows, rows)] = distances
    return tasks, between


def _known(judged: Judged) -> KnownTask:
    return KnownTask(
        name=judged.record.name,
        symmetric=judged.symmetric,
        asymmetric=judged.asymmetric,
        classes=judged.record.provenance.classes,
        complexity=judged.record.complexity,
        images=judged.record.provenance.images,
        bundle=judged.record.bundle,
    )


def _is(task: str, subject: Subject) -> bool:
    return subject.record is not None and subject.record.id == task


def earlier_experts(
    workspace: Workspace, subject: Subject, shared: SharedTasks, models: Iterable[Model]
) -> tuple[EarlierExpert, ...]:
    """Return the experts among ``models`` of the target as it was with fewer images.

    Their task is excluded from the evidence since it shares the target's images. It is the earlier
    data set where it came from the same folder, with other files, or where it has fewer images and
    the target has most of them. Raises `StoreCorruptError` for hashes that are damaged.
    """
    experts = [model for model in models if model.task in shared.excluded]
    store = workspace.existing_store()
    if store is None or not experts:
        return ()
    hashes = store.tasks.all_image_hashes()
    target = subject.hashes if subject.record is None else hashes.get(subject.record.id)
    files = subject.source_files
    about, earlier = subject.embedding.provenance, []
    for model in experts:
        assert model.task is not None
        record = store.tasks.get(model.task)
        before = record.provenance
        same = bool(files) and files_of(record) == files
        if same or before.content_hash == about.content_hash:
            continue
        own = hashes.get(record.id)
        kept = 0.0
        if own is not None and target is not None and before.images < about.images:
            kept = count_shared(own, [target])[0].share
        grown = kept >= LEAST_KEPT or same_folder(record.source, subject.source)
        if grown and weights_of(workspace, model) is Weights.SOUND:
            earlier.append(
                EarlierExpert(
                    model=model.name, task=record.name, images=before.images, now=about.images
                )
            )
    return tuple(sorted(earlier, key=lambda each: (-each.images, each.model)))


def offer(expert: EarlierExpert, subject: Subject) -> str:
    """Return the sentence that offers an earlier expert, with the command."""
    on = subject.name if subject.record is not None else subject.source or subject.name
    return (
        f"{shown(expert.model)} is your expert of an earlier version of this data set, "
        f"{shown(expert.task)}, with {expert.images:,} images. It is not ranked: it was trained on "
        "images of this task, so its accuracy on them is too high. To train it on all images: "
        "`task2vec finetune "
        f"{shown(quote(on))} --from {shown(quote(expert.model))}`"
    )
