"""Neighbours of a task, and distances between two."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from task2vec.data.wording import FOLDER, copies, few, plural, shown, typed
from task2vec.distance import (
    ALPHA,
    GROUPS,
    estimate_distances,
    information_distance_error,
    symmetric_matrix,
    task_complexity,
    task_information_distance,
)
from task2vec.messages.neighbours import (
    BothWays,
    Complexities,
    Distances,
    Neighbour,
    Neighbours,
    SearchQuestion,
)
from task2vec.messages.tasks import StoredTask
from task2vec.service.tasks.shared_images import mark_shared, shared_between
from task2vec.service.tasks.subjects import Subject, check_comparable, open_named
from task2vec.service.workspace import Workspace
from task2vec.store.index.protocol import Role, TaskFilter
from task2vec.store.store import Store

if TYPE_CHECKING:
    from task2vec.data.task import Task

#: Other tasks that a distance is compared with: each takes a millisecond to read.
_COMPARED = 50


#: Half as many images moved a distance by a standard error: docs/concepts.md, "The number of
#: images moves the numbers".
MOST_RATIO = 2.0


def search(workspace: Workspace, question: SearchQuestion, subject: Subject) -> Neighbours:
    """Return the nearest stored tasks; with ``asymmetric`` ordered as *sources* for it.

    Ranks say which are as near as each other for all that is known, and those that share images
    with the task are marked. The task itself is left out.

    Raises `SpaceMismatchError` when the store holds tasks of other spaces only, `SettingError` for
    a filter that nothing passes, and for centred distances with fewer than three stored tasks.
    """
    store = workspace.existing_store()
    if store is None:
        return Neighbours(task=subject.name, neighbours=(), warnings=subject.warnings)
    found, left_out = _nearest(workspace, store, question, subject)
    counts = {each.name: each.images for each in found if each.images is not None}
    records = store.tasks.records([each.id for each in found])
    uneven = _as_many(
        subject.name,
        subject.embedding.provenance.images,
        counts,
        bundled=_bundled([subject.record, *records]),
    )
    return Neighbours(
        task=subject.name,
        neighbours=tuple(found),
        left_out=left_out,
        warnings=(*subject.warnings, *uneven),
    )


def _nearest(
    workspace: Workspace, store: Store, question: SearchQuestion, subject: Subject
) -> tuple[list[Neighbour], dict[str, str]]:
    """Return the neighbours, and what bundles brought again of one's own, which is left out."""
    where = TaskFilter(
        tags=frozenset(question.tags),
        least_classes=question.min_classes or 0,
        most_classes=question.max_classes,
    )
    embedding, k = subject.embedding, question.k
    index = store.index(embedding.space)
    own = None if subject.record is None else subject.record.id
    exclude = [] if own is None else [own]
    if len(index) <= len(exclude):
        check_comparable(workspace, embedding.space, besides=own)
    role = Role.SOURCES_FOR if question.asymmetric else Role(question.geometry)
    again = [
        (theirs, mine)
        for theirs, mine in store.tasks.brought_again(embedding.space)
        if theirs.id != own and (mine.id == own or where.admits(mine)) and where.admits(theirs)
    ]
    exclude += [theirs.id for theirs, _ in again]
    found = index.search(embedding, k=k, role=role, exclude=exclude, where=where)
    return mark_shared(store, subject, found), {theirs.name: mine.name for theirs, mine in again}


def _bundled(records: Iterable[StoredTask | None]) -> set[str]:
    """Return the names of those that bundles brought."""
    return {each.name for each in records if each is not None and each.bundle is not None}


def nothing_near(workspace: Workspace, source: "str | Task") -> str | None:
    """Return the name of a source where no task is stored that it could be near, None otherwise.

    Then it need not be embedded to know so. Raises `UnknownNameError` or `SourceError` for a
    source that cannot be opened.
    """
    store = workspace.existing_store()
    if store is not None and store.tasks.page(limit=1):
        return None
    return (open_named(workspace, source) if isinstance(source, str) else source).name


def distances(workspace: Workspace, source: Subject, target: Subject) -> Distances:
    """Return all distances between two tasks, with the warnings of both.

    Of the same images with the same labels they are 0, whatever signs were drawn. Other images in
    common are warned of. Raises `SpaceMismatchError` across spaces.
    """
    a, b = source.embedding, target.embedding
    a.space.check_same(b.space)
    complexities = task_complexity(a), task_complexity(b)
    # A worker that embedded both sides does not say which of them a warning is about.
    warnings = tuple(dict.fromkeys((*source.warnings, *target.warnings)))
    if a.provenance.content_hash == b.provenance.content_hash:
        return _one_task(source.name, target.name, complexities, warnings)
    found = estimate_distances(a, [b])
    symmetric = float(found.distances[0])
    low, high = found.intervals[0].tolist()
    nearer, compared = _standing(workspace, source, target)
    return Distances(
        source=source.name,
        target=target.name,
        symmetric=symmetric,
        standard_error=float(found.errors[0]),
        interval=(low, high),
        asymmetric=BothWays(
            source_to_target=symmetric - ALPHA * complexities[0],
            target_to_source=symmetric - ALPHA * complexities[1],
        ),
        information=BothWays(
            source_to_target=task_information_distance(source=a, target=b),
            target_to_source=task_information_distance(source=b, target=a),
        ),
        information_standard_error=BothWays(
            source_to_target=information_distance_error(source=a, target=b),
            target_to_source=information_distance_error(source=b, target=a),
        ),
        complexity=Complexities(source=complexities[0], target=complexities[1]),
        nearer=nearer,
        compared=compared,
        warnings=(
            *warnings,
            *_as_many(
                source.name,
                a.provenance.images,
                {target.name: b.provenance.images},
                bundled=_bundled([source.record, target.record]),
            ),
            *_images_in_common(workspace, source, target),
        ),
    )


def _one_task(
    source: str, target: str, complexities: tuple[float, float], warnings: tuple[str, ...]
) -> Distances:
    """Return the distances of one task embedded twice: the two complexities differ by noise."""
    asymmetric = -ALPHA * sum(complexities) / 2
    nothing = BothWays(source_to_target=0.0, target_to_source=0.0)
    return Distances(
        source=source,
        target=target,
        symmetric=0.0,
        standard_error=0.0,
        interval=(0.0, 0.0),
        asymmetric=BothWays(source_to_target=asymmetric, target_to_source=asymmetric),
        information=nothing,
        information_standard_error=nothing,
        complexity=Complexities(source=complexities[0], target=complexities[1]),
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


def _images_in_common(workspace: Workspace, source: Subject, target: Subject) -> list[str]:
    """Warn where a part of the images are the same."""
    a, b = source.embedding, target.embedding
    shared = shared_between(workspace, source, target)
    if shared is None:
        return []
    what = f"{source.name} and {target.name} were embedded from the same files"
    if shared.images:
        whose = f"of the {plural(shared.of, 'image')} of {target.name}"
        what = copies(shared.images, whose, source.name, share=shared.share, exact=shared.exact)
    corrected = GROUPS in (len(a.replicates), len(b.replicates))
    less = "; the correction for noise, which takes them for other images, makes it smaller still"
    return [f"{what}: the distance is small for that reason{less if corrected else ''}"]


def uneven_images(name: str, images: int, others: Mapping[str, int]) -> list[str]:
    """Return the warning that tasks are compared across numbers of images, [] where they are alike.

    ``images`` are those that the task ``name`` was embedded from, ``others`` those of the tasks
    that it is compared with, by name.
    """
    uneven = _uneven(images, others)
    if not uneven:
        return []
    listed = few([f"{shown(other)} from {count:,}" for other, count in uneven.items()], str)
    return [
        f"{shown(name)} was embedded from {plural(images, 'image')}, {listed}: numbers that "
        "differ so much move a distance by more than its standard error says"
    ]


def _uneven(images: int, others: Mapping[str, int]) -> dict[str, int]:
    """Return those of the ``others`` with many more images, or many fewer."""
    return {
        other: count
        for other, count in others.items()
        if max(count, images) > MOST_RATIO * min(count, images)
    }


def _as_many(
    name: str, images: int, others: Mapping[str, int], *, bundled: Collection[str]
) -> list[str]:
    """Return the warning of `uneven_images`, with a command that makes the first pair alike.

    The larger task keeps its embedding, and gets another one under another name. Those that are
    ``bundled`` have no images here.
    """
    warnings = uneven_images(name, images, others)
    for other, count in _uneven(images, others).items():
        larger, least = (other, images) if count > images else (name, count)
        if larger not in bundled:
            again = typed(f"{larger}_{least}")
            return [
                f"{warning}. To compare {shown(name)} and {shown(other)} from as many images, "
                f"embed {shown(larger)} once more: `task2vec embed {FOLDER} --name {again} "
                f"--images {least}`, where {FOLDER} has its images"
                for warning in warnings
            ]
    return warnings
