"""Judging the recommender by the outcomes of the store; the server itself does it.

It takes a second for each task, with thousands of outcomes half a minute, too long for one request;
and it needs all embeddings and outcomes of the store, which a worker would have to be sent.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from task2vec.data.wording import plural
from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.matrix import symmetric_matrix
from task2vec.jobs.kind import Checked, Kind, resolved
from task2vec.messages.backtests import Backtest, BacktestQuestion, Case
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import StoredTask
from task2vec.messages.work import BacktestWork
from task2vec.recommendation.backtest.folds import Family, families_of
from task2vec.recommendation.backtest.report import report
from task2vec.recommendation.backtest.run import Progress, Trials
from task2vec.recommendation.backtest.run import backtest as ask_rankers
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.leaks import count_shared
from task2vec.recommendation.evidence.world import NO_SOURCE, Mask, World
from task2vec.recommendation.gain_model.known_world import known_world
from task2vec.recommendation.rankers import Hierarchical, compared_rankers
from task2vec.service.models.zoo import list_models
from task2vec.service.outcomes import unused_outcomes
from task2vec.service.packaged_models import default_model_id
from task2vec.service.tasks.subjects import files_of
from task2vec.service.workspace import Workspace
from task2vec.store.store import Store
from task2vec.types import Space

_FAMILY_TAG = "family:"


def check(workspace: Workspace, question: BacktestQuestion) -> Checked[BacktestWork]:
    """Return what a job for the question is about."""
    # Answers change with the outcomes: a question about others is another, also where one was
    # removed and one came in its place. No outcome ever changes, so that their ids tell.
    ids = "\n".join(outcome.id for outcome in workspace.store().outcomes.list())
    about = hashlib.sha256(ids.encode()).hexdigest()
    return Checked(resolved(BacktestWork, question, outcomes=about), "outcomes")


def backtest(
    workspace: Workspace, question: BacktestQuestion, *, progress: Progress | None = None
) -> Backtest:
    """Ask the recommender and simple rules about each task as if its outcomes were not known.

    The tasks are those of the space that most outcomes are of; of the rest of the store nothing is
    used. A task counts where at least two models besides the default have a gain on it. With
    `Folds.FAMILY` all of the task's family is unknown with it: see
    `task2vec.recommendation.backtest.folds`.

    Raises `StoreError` without a store.
    """
    store = workspace.store()
    # What others measured says nothing of how well one is advised oneself.
    recorded = store.outcomes.list()
    outcomes = [outcome for outcome in recorded if outcome.bundle is None]
    models = list_models(workspace)
    records, left = _telling(store, models, outcomes)
    gains = GainTable(outcomes, default_model_id())
    warnings = (
        *_of_bundles(len(recorded) - len(outcomes)),
        *_left_out(left),
        *unused_outcomes(store, gains.unused),
    )
    if not records:
        answer = report([], ours=Hierarchical.name, folds=question.folds)
        return answer.model_copy(update={"warnings": warnings})
    world = world_of_store(store, records, models, gains)
    families = families_of(world.tasks, [_tagged(record) for record in records], world.symmetric)
    contents = [record.provenance.content_hash for record in records]
    shared = _shared(store, records)
    names = [family.name for family in families]
    trials = ask_rankers(
        world,
        compared_rankers(),
        folds=question.folds,
        families=names,
        contents=contents,
        shared=shared,
        seen=_seen(world, models, records),
        progress=progress,
    )
    answer = report(trials, ours=Hierarchical.name, families=names, folds=question.folds)
    about = records[0].provenance
    return answer.model_copy(
        update={
            "models": int(world.measured.any(axis=1).sum()) + 1,
            "probe": about.probe_name,
            "space": about.space,
            "cases": _cases(trials, world, families),
            "shared_pairs": _pairs(shared, contents),
            "warnings": (*warnings, *_without_experts(world)),
        }
    )


def world_of_store(
    store: Store, records: Sequence[StoredTask], models: Sequence[Model], gains: GainTable
) -> World:
    """Return what a store knows of some tasks of one space: gains, distances, what is expected."""
    default, ids = default_model_id(), [record.id for record in records]
    values = np.stack([store.tasks.embedding(record.id).values for record in records])
    precision = records[0].provenance.space.prior_precision
    symmetric = symmetric_matrix(values, values, prior_precision=precision)
    np.fill_diagonal(symmetric, 0)
    complexity = np.array([record.complexity for record in records])
    scatters = store.tasks.scatters(ids)
    world = known_world(
        ids,
        [model for model in models if model.id != default],
        default=default,
        gains=gains,
        names=[record.name for record in records],
        sources=ids,
        symmetric=symmetric,
        asymmetric=symmetric - ALPHA * complexity[:, None],
        scatters=[scatters.get(id_) for id_ in ids],
    )
    names = {model.id: model.name for model in models}
    return replace(world, models=tuple(names[id_] for id_ in world.models))


def _telling(
    store: Store, models: Sequence[Model], outcomes: Sequence[StoredOutcome]
) -> tuple[list[StoredTask], list[StoredTask]]:
    """Return the tasks with an outcome or an expert, of the space of most outcomes and of others.

    Those of others that have outcomes only: the rest would not be missed.
    """
    counts = Counter(outcome.task for outcome in outcomes)
    sources = {model.task for model in models}
    records = store.tasks.list()
    by_space: Counter[Space] = Counter()
    for record in records:
        by_space[record.provenance.space] += counts[record.id]
    space = max(by_space, key=by_space.__getitem__, default=None)
    inside = [
        r for r in records if r.provenance.space == space and (counts[r.id] or r.id in sources)
    ]
    outside = [r for r in records if r.provenance.space != space and counts[r.id]]
    return inside, outside


def _shared(store: Store, records: Sequence[StoredTask]) -> Mask:
    """Return (T, T) whether the column's task has too many images of the row's to be evidence.

    The same images and labels, files, or images by their hashes: see `find_shared`.
    """
    hashes = store.tasks.all_image_hashes()
    leaks = np.zeros((len(records), len(records)), dtype=np.bool_)
    hashed = [i for i, record in enumerate(records) if record.id in hashes]
    others = [hashes[records[i].id] for i in hashed]
    for i in hashed:
        counted = count_shared(hashes[records[i].id], others)
        leaks[i, hashed] = [each.leaks() for each in counted]
    files = [files_of(record) for record in records]
    for i, of in enumerate(files):
        leaks[i] |= [bool(of) and of == other for other in files]
    np.fill_diagonal(leaks, False)
    return leaks


def _pairs(shared: Mask, contents: Sequence[str]) -> int:
    """Return how many pairs of tasks are hidden with one another, for images or as copies."""
    content = np.array(contents)
    either = shared | shared.T | (content[:, None] == content)
    return int(np.triu(either, k=1).sum())


def _seen(world: World, models: Sequence[Model], records: Sequence[StoredTask]) -> Mask:
    """Return (M, T) whether a model was fine-tuned from an expert of the task, however far back."""
    lineages = {model.name: model.lineage for model in models}
    return np.array([[r.id in lineages[name] for r in records] for name in world.models], np.bool_)


def _of_bundles(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"{plural(count, 'outcome')} of bundles left out: a backtest judges by your own",)


def _left_out(records: Sequence[StoredTask]) -> tuple[str, ...]:
    if not records:
        return ()
    names = ", ".join(record.name for record in records)
    return (f"left out, since they live in another space: {names}",)


def _without_experts(world: World) -> tuple[str, ...]:
    if (world.sources[world.measured.any(axis=1)] != NO_SOURCE).any():
        return ()
    return (
        "no model with outcomes is an expert of one of these tasks: nearest-only always takes the "
        "default",
    )


def _tagged(record: StoredTask) -> str | None:
    families = [tag.removeprefix(_FAMILY_TAG) for tag in record.tags if tag.startswith(_FAMILY_TAG)]
    return families[0] if families else None


def _cases(trials: Sequence[Trials], world: World, families: Sequence[Family]) -> tuple[Case, ...]:
    own = next((each for each in trials if each.ranker == Hierarchical.name), None)
    if own is None:
        return ()
    return tuple(
        Case(
            task=world.tasks[task],
            family=families[task].name,
            family_from=families[task].origin,
            offered=int(own.offered[i]),
            chosen=world.models[own.choice[i]],
            abstained=bool(own.abstained[i]),
            gain=float(own.gain[i]),
            best_gain=float(own.oracle[i]),
            weighted_kendall=float(own.tau[i]),
        )
        for i, task in enumerate(own.tasks)
    )


BACKTEST = Kind(BacktestQuestion, BacktestWork, check)
