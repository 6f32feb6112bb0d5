"""The stored tasks that a recommendation may rest on, and how far they lie apart."""

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.matrix import symmetric_matrix
from task2vec.recommendation.answer.question import KnownTask
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.store.index.protocol import Judged

#: Tasks that tell something, by an expert or an outcome: as many of the nearest count at most,
#: since their distances to one another take a second.
_MOST = 200
#: Of the others, as many of the nearest and of the best sources are returned: a store may have
#: thousands, and every two of the tasks that are returned have a distance.
_OTHERS = 50


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
    )


def _is(task: str, subject: Subject) -> bool:
    return subject.record is not None and subject.record.id == task
