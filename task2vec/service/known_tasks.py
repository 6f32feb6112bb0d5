"""The stored tasks that a recommendation may rest on, and how far they lie apart."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.matrix import symmetric_matrix
from task2vec.recommend.question import KnownTask
from task2vec.service.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.store.index.protocol import Judged
from task2vec.store.store import Store

#: Tasks with an expert or an outcome that count at most, the nearest ones: their distances to one
#: another take a second.
_MOST = 200
#: Of the others, as many of the nearest and of the best sources are told of: a store may have
#: thousands, and every two of the tasks that are returned have a distance.
_OTHERS = 50


def known_tasks(
    workspace: Workspace, subject: Subject, *, k: int = 0, excluded: Collection[str] = ()
) -> tuple[dict[str, KnownTask], NDArray[np.float64]]:
    """Return tasks by id, without the target and its copies, and their distances (T, T).

    Those are the nearest that have an expert or an outcome, the nearest of all, and, ``k`` at
    least, the best sources of all. ``excluded`` are the ids of those that share images with it, see
    `find_shared`.

    Of tasks without an expert and an outcome only the distances to the target matter; those to
    others are given as 1, as if they had nothing in common.
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
    telling = _that_tell(store, judged)
    near = sorted(range(len(judged)), key=lambda i: judged[i].symmetric)[:_OTHERS]
    best = sorted(range(len(judged)), key=lambda i: (judged[i].asymmetric, judged[i].record.name))
    kept = sorted({*telling, *near, *best[: max(k, _OTHERS)]})
    tell = set(telling)
    judged = [judged[i] for i in kept]
    rows = [row for row, i in enumerate(kept) if i in tell]
    tasks = {each.record.id: _known(each) for each in judged}
    between = np.ones((len(tasks), len(tasks)))
    np.fill_diagonal(between, 0)
    if rows:
        values = np.stack([store.tasks.embedding(judged[i].record.id).values for i in rows])
        found = symmetric_matrix(values, values, prior_precision=target.space.prior_precision)
        np.fill_diagonal(found, 0)
        between[np.ix_(rows, rows)] = found
    return tasks, between


def _known(judged: Judged) -> KnownTask:
    return KnownTask(
        name=judged.record.name,
        symmetric=judged.symmetric,
        asymmetric=judged.asymmetric,
        classes=judged.record.provenance.classes,
        complexity=judged.record.complexity,
    )


def _that_tell(store: Store, judged: list[Judged]) -> list[int]:
    """Return the positions of the nearest tasks that have an expert or an outcome."""
    telling = {model.task for model in store.models.list()}
    telling |= {outcome.task for outcome in store.outcomes.list()}
    rows = [i for i, each in enumerate(judged) if each.record.id in telling]
    return sorted(rows, key=lambda i: judged[i].symmetric)[:_MOST]


def _is(task: str, subject: Subject) -> bool:
    return subject.record is not None and subject.record.id == task
