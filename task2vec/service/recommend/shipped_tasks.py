"""The tasks that ship with the package, beside those of a store, as evidence for an answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.embedding_distances import task_complexity
from task2vec.distance.matrix import symmetric_matrix
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.recommendation.answer.question import KnownTask
from task2vec.recommendation.evidence.leaks import count_shared
from task2vec.service.bundles.shipped import Shipped, shipped, shipped_beside
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.types.details import HeadInformation
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.scatter import ClassScatter

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShippedEvidence:
    """Shipped tasks by id, with what is known of them; ``between`` are their distances (S, S)."""

    tasks: Mapping[str, KnownTask] = field(default_factory=dict)
    between: Matrix = field(default_factory=lambda: np.zeros((0, 0)))
    outcomes: Sequence[StoredOutcome] = ()
    scatters: Mapping[str, ClassScatter] = field(default_factory=dict)
    heads: Mapping[str, HeadInformation] = field(default_factory=dict)

    def beside(
        self,
        workspace: Workspace,
        tasks: Mapping[str, KnownTask],
        between: Matrix,
        telling: Iterable[str],
    ) -> tuple[dict[str, KnownTask], Matrix]:
        """Return these tasks behind those of the store, and the distances of all.

        Of the stored tasks that are not ``telling`` the distances to others do not matter: those
        are 1, as `evidence.known_tasks` has them.
        """
        both = {**tasks, **self.tasks}
        if not self.tasks or not tasks:
            return both, between if not self.tasks else self.between
        count = len(tasks)
        distances = np.ones((len(both), len(both)))
        distances[:count, :count], distances[count:, count:] = between, self.between
        known, store = set(telling), workspace.store()
        rows = [row for row, id_ in enumerate(tasks) if id_ in known]
        if rows:
            ids = [*tasks]
            own = np.stack([store.tasks.embedding(ids[row]).values for row in rows])
            across = symmetric_matrix(
                own,
                np.stack([shipped().tasks[id_].embedding.values for id_ in self.tasks]),
                prior_precision=shipped().space.prior_precision,
            )
            distances[np.ix_(rows, range(count, len(both)))] = across
            distances[np.ix_(range(count, len(both)), rows)] = across.T
        return both, distances


def shipped_evidence(
    workspace: Workspace, question: RecommendationQuestion, subject: Subject
) -> ShippedEvidence:
    """Return the shipped tasks that may count for a question.

    None do where it leaves bundles out, where the target is of another space, and where the store
    has imported the same bundle. A task that is the target, or has too many of its images, does not
    (see `task2vec.service.tasks.shared_images.find_shared`).
    """
    if not question.bundles:
        return ShippedEvidence()
    store = workspace.existing_store()
    found, target = shipped_beside(store), subject.embedding
    if found is None or target.space != found.space:
        return ShippedEvidence()
    hashes = subject.hashes
    if subject.record is not None and store is not None:
        hashes = store.tasks.image_hashes(subject.record.id)
    content = target.provenance.content_hash
    leaking = _leaking(found, hashes, most=question.max_shared)
    places = [
        place
        for place, (task, leaks) in enumerate(zip(found.tasks.values(), leaking, strict=True))
        if not leaks and task.embedding.provenance.content_hash != content
    ]
    if not places:
        return ShippedEvidence()
    ids = [[*found.tasks][place] for place in places]
    geometry = _geometry()
    values = np.stack([found.tasks[id_].embedding.values for id_ in ids])
    near = symmetric_matrix(
        values, target.values[None], prior_precision=target.space.prior_precision
    )
    tasks = {
        id_: _known(
            found, id_, symmetric=float(near[row, 0]), complexity=geometry.complexity[place]
        )
        for row, (id_, place) in enumerate(zip(ids, places, strict=True))
    }
    details = {id_: found.tasks[id_].details for id_ in ids}
    return ShippedEvidence(
        tasks=tasks,
        between=geometry.between[np.ix_(places, places)],
        outcomes=[outcome for outcome in found.outcomes if outcome.task in tasks],
        scatters={i: d.scatter for i, d in details.items() if d is not None and d.scatter},
        heads={i: d.head for i, d in details.items() if d is not None and d.head},
    )


@dataclass(frozen=True, eq=False)
class _Geometry:
    between: Matrix
    complexity: Sequence[float]


@cache
def _geometry() -> _Geometry:
    """Return the distances of the shipped tasks to one another, which never change."""
    embeddings = [task.embedding for task in shipped().tasks.values()]
    values = np.stack([each.values for each in embeddings])
    between = symmetric_matrix(values, values, prior_precision=embeddings[0].space.prior_precision)
    np.fill_diagonal(between, 0)
    return _Geometry(between, [float(task_complexity(each)) for each in embeddings])


def _known(found: Shipped, id_: str, *, symmetric: float, complexity: float) -> KnownTask:
    about = found.tasks[id_].embedding.provenance
    return KnownTask(
        name=found.name_of(id_),
        symmetric=symmetric,
        asymmetric=symmetric - ALPHA * complexity,
        classes=about.classes,
        complexity=complexity,
        images=about.images,
        bundle=found.bundle.name,
    )


def _leaking(found: Shipped, target: ImageHashes | None, *, most: float) -> list[bool]:
    """Return of each task whether it has more than the share ``most`` of the target's images."""
    hashes = [task.hashes for task in found.tasks.values()]
    if target is None:
        return [False] * len(hashes)
    known = [each for each in hashes if each is not None]
    counts = iter(count_shared(target, known))
    return [each is not None and next(counts).leaks(most) for each in hashes]
