"""Neighbours of a task, and distances between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from task2vec.data.wording import plural
from task2vec.distance import (
    ALPHA,
    GROUPS,
    estimate_distances,
    information_distance_error,
    symmetric_matrix,
    task_complexity,
    task_information_distance,
)
from task2vec.errors import SettingError
from task2vec.service.image_counts import uneven_images
from task2vec.service.tasks.shared_images import mark_shared, shared_between
from task2vec.service.tasks.subjects import Subject, check_comparable, open_named
from task2vec.service.workspace import Workspace
from task2vec.store.index.protocol import Role, TaskFilter
from task2vec.types import Neighbour, NeighbourGeometry, TaskEmbedding

if TYPE_CHECKING:
    from task2vec.data.task import Task

#: Other tasks that a distance is compared with: each takes a millisecond to read.
_COMPARED = 50


@dataclass(frozen=True)
class BothWays:
    """A distance that depends on who is the source."""

    source_to_target: float
    target_to_source: float


@dataclass(frozen=True)
class ErrorsBothWays:
    """The standard errors of a distance both ways, None where too few images tell one."""

    source_to_target: float | None
    target_to_source: float | None


@dataclass(frozen=True)
class PairDistances:
    """All distances between a source and a target, corrected for noise.

    ``standard_error`` and the 95 % ``interval`` are of the symmetric one; ``information`` is in
    nats, each way with a standard error. ``same_images``: both were embedded from the same images
    with the same labels, so that all distances are 0. Of ``compared`` other stored tasks, all of
    the same space or 50 of them, ``nearer`` are nearer to the source than the target is.
    """

    source: str
    target: str
    symmetric: float
    standard_error: float
    interval: tuple[float, float]
    asymmetric: BothWays
    information: BothWays
    information_standard_error: ErrorsBothWays
    complexity: tuple[float, float]
    same_images: bool = False
    nearer: int = 0
    compared: int = 0
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary with the stable fields."""
        from dataclasses import asdict

        source, target = self.complexity
        return {
            **asdict(self),
            "interval": list(self.interval),
            "complexity": {"source": source, "target": target},
            "warnings": list(self.warnings),
        }


def neighbours(
    workspace: Workspace,
    subject: Subject,
    *,
    k: int = 5,
    asymmetric: bool = False,
    geometry: NeighbourGeometry = NeighbourGeometry.SYMMETRIC,
    where: TaskFilter | None = None,
) -> list[Neighbour]:
    """Return the ``k`` nearest stored tasks; asymmetric ones are the best *sources* for it.

    Ranks say which are as near as each other for all that is known, and those that share images
    with the task are marked: `Neighbour`.

    The task itself, and those that ``where`` does not admit, are left out. Raises
    `SpaceMismatchError` when the store holds tasks of other spaces only, `SettingError` for ``k``
    below 1, for asymmetric neighbours by centred distances, and for these where the store holds
    fewer than three tasks.
    """
    centred = geometry is NeighbourGeometry.CENTRED
    if centred and asymmetric:
        raise SettingError(
            "The centred geometry has no asymmetric distance",
            expected="asymmetric neighbours by the symmetric geometry",
            got="asymmetric ones by the centred",
            remedy="Leave out one of the two.",
        )
    store = workspace.existing_store()
    if store is None:
        return []
    index = store.index(subject.embedding.space)
    exclude = () if subject.record is None else (subject.record.id,)
    if len(index) <= len(exclude):
        besides = None if subject.record is None else subject.record.id
        check_comparable(workspace, subject.embedding.space, besides=besides)
    if centred:
        found = index.search_centred(subject.embedding, k=k, exclude=exclude, where=where)
    else:
        role = Role.SOURCES_FOR if asymmetric else Role.SYMMETRIC
        found = index.search(subject.embedding, k=k, role=role, exclude=exclude, where=where)
    return mark_shared(store, subject, found)


def as_answer(subject: Subject, found: Sequence[Neighbour]) -> dict[str, Any]:
    """Return the neighbours of a task as a JSON-able answer, with what there is to warn of."""
    counts = {each.name: each.images for each in found if each.images is not None}
    uneven = uneven_images(subject.name, subject.embedding.provenance.images, counts)
    return {
        "task": subject.name,
        "neighbours": [each.to_json() for each in found],
        "warnings": [*subject.warnings, *uneven],
    }


def nothing_near(workspace: Workspace, source: "str | Task") -> str | None:
    """Return the name of a source where no task is stored that it could be near, None otherwise.

    Then it need not be embedded to know so. Raises `UnknownNameError` or `SourceError` for a
    source that cannot be opened.
    """
    store = workspace.existing_store()
    if store is not None and store.tasks.page(limit=1):
        return None
    return (open_named(workspace, source) if isinstance(source, str) else source).name


def distances(workspace: Workspace, source: Subject, target: Subject) -> PairDistances:
    """Return all distances between two tasks, with the warnings of both.

    Of the same images with the same labels they are 0, whatever signs were drawn. Other images in
    common are warned of. Raises `SpaceMismatchError` across spaces.
    """
    a, b = source.embedding, target.embedding
    a.space.check_same(b.space)
    complexity = task_complexity(a), task_complexity(b)
    warnings = _once(*source.warnings, *target.warnings)
    if _same_images(a, b):
        return _one_task(source.name, target.name, complexity, warnings)
    found = estimate_distances(a, [b])
    symmetric = float(found.distances[0])
    low, high = found.intervals[0].tolist()
    nearer, compared = _standing(workspace, source, target)
    return PairDistances(
        source=source.name,
        target=target.name,
        symmetric=symmetric,
        standard_error=float(found.errors[0]),
        interval=(low, high),
        asymmetric=BothWays(symmetric - ALPHA * complexity[0], symmetric - ALPHA * complexity[1]),
        information=BothWays(
            task_information_distance(source=a, target=b),
            task_information_distance(source=b, target=a),
        ),
        information_standard_error=ErrorsBothWays(
            information_distance_error(source=a, target=b),
            information_distance_error(source=b, target=a),
        ),
        complexity=complexity,
        nearer=nearer,
        compared=compared,
        warnings=(
            *warnings,
            *uneven_images(source.name, a.provenance.images, {target.name: b.provenance.images}),
            *_images_in_common(workspace, source, target),
        ),
    )


def _one_task(
    source: str, target: str, complexity: tuple[float, float], warnings: tuple[str, ...]
) -> PairDistances:
    """Return the distances of one task embedded twice: the two complexities differ by noise."""
    asymmetric = -ALPHA * sum(complexity) / 2
    return PairDistances(
        source=source,
        target=target,
        symmetric=0.0,
        standard_error=0.0,
        interval=(0.0, 0.0),
        asymmetric=BothWays(asymmetric, asymmetric),
        information=BothWays(0.0, 0.0),
        information_standard_error=ErrorsBothWays(0.0, 0.0),
        complexity=complexity,
        same_images=True,
        warnings=warnings,
    )


def _standing(workspace: Workspace, source: Subject, target: Subject) -> tuple[int, int]:
    """Return how many other stored tasks are nearer to the source than the target, and of how many.

    By distances as they are: correcting all for noise takes long, and the noise is of one kind.
    """
    store = workspace.existing_store()
    if store is None:
        return 0, 0
    space = source.embedding.space
    own = {side.record.id for side in (source, target) if side.record is not None}
    others = store.tasks.embeddings(store.tasks.some_of(space, limit=_COMPARED, besides=own))
    columns = np.array([target.embedding.values, *(each.values for each in others.values())])
    pair, *found = symmetric_matrix(
        source.embedding.values, columns, prior_precision=space.prior_precision
    )[0].tolist()
    return sum(each < pair for each in found), len(found)


def _once(*warnings: str) -> tuple[str, ...]:
    # A worker that embedded both sides does not say which of them a warning is about.
    return tuple(dict.fromkeys(warnings))


def _images_in_common(workspace: Workspace, source: Subject, target: Subject) -> list[str]:
    """Warn where a part of the images are the same."""
    a, b = source.embedding, target.embedding
    shared = shared_between(workspace, source, target)
    if shared is None:
        return []
    what = f"{source.name} and {target.name} were embedded from the same files"
    if shared.images:
        share = f"{100 * shared.share:.0f} %" if shared.share >= 0.01 else "below 1 %"
        what = f"{source.name} has {shared.images:,} of {plural(shared.of, 'image')} of "
        what += f"{target.name} ({share})"
    nearer = ", and nearer than they are, since noise in common is taken out, too"
    return [f"{what}: they are near for that reason{nearer if _corrected(a, b) else ''}"]


def _corrected(a: TaskEmbedding, b: TaskEmbedding) -> bool:
    return GROUPS in (len(a.replicates), len(b.replicates))


def _same_images(a: TaskEmbedding, b: TaskEmbedding) -> bool:
    return a.provenance.content_hash == b.provenance.content_hash
