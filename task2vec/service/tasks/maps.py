"""The map of the task space."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from task2vec.data.wording import remarks
from task2vec.distance import symmetric_matrix, with_prior
from task2vec.errors import InputError, TooLargeError
from task2vec.messages.base import finite
from task2vec.messages.catalogue import MapMethod, MapPoint, TaskMap
from task2vec.messages.tasks import StoredTask, TaskListing
from task2vec.service.workspace import Workspace
from task2vec.types import Space

if TYPE_CHECKING:
    from task2vec.plots.figure import PictureFormat

# So many tasks are laid out within a second or two, UMAP's compiling aside; a process of its own
# would take as long to begin.
_QUICK = 200


def draw(
    workspace: Workspace,
    target: Path | BinaryIO | None,
    *,
    method: "MapMethod",
    tag: str | None = None,
    thumbnails: bool = False,
    seed: int = 0,
    title: str | None = None,
    kind: "PictureFormat | None" = None,
    most: int | None = None,
    check: Callable[[], None] | None = None,
) -> TaskMap:
    """Lay out the stored tasks, write the picture to ``target`` unless it is None.

    A task's first tag is its group. Tasks of the most common space are drawn; those of others are
    named in the warnings. ``kind`` is that of a picture on a stream, ``most`` the number of tasks
    that are laid out. ``check`` is called ten times a second during a layout that takes long, and
    raises to stop it.

    Raises `InputError` when there are no tasks for a picture, or, before anything is laid out, when
    it cannot be written, `TooLargeError` for more tasks than ``most``.
    """
    from task2vec.plots.figure import check_target, save
    from task2vec.plots.layout import lay_out
    from task2vec.plots.layout import stress as stress_of
    from task2vec.plots.layout_process import lay_out_apart
    from task2vec.plots.map import MapPoint as Drawn
    from task2vec.plots.map import compose_map

    if isinstance(target, Path):
        check_target(target)
    store = workspace.store()
    # No more is read than tells that it is too much.
    listed = store.tasks.page(TaskListing(tag=tag), limit=None if most is None else most + 1)
    if most is not None and len(listed) > most:
        raise TooLargeError(
            "These are too many tasks for one map",
            expected=f"at most {most:,}",
            got="more",
            remedy="Choose some of them by a tag, or ask for all by `GET /v1/map/columns` "
            "(`map_columns` of a client).",
        )
    if not listed and target is None:
        return TaskMap(points=(), method=method.value, stress=0.0)
    space, warnings = _common_space(listed, tag)
    records, values = store.tasks.matrix(space)
    drawn = {record.id for record in records if tag is None or tag in record.tags}
    again = [
        theirs for theirs, mine in store.tasks.brought_again(space) if {theirs.id, mine.id} <= drawn
    ]
    drawn -= {record.id for record in again}
    kept = [i for i, record in enumerate(records) if record.id in drawn]
    records = [records[i] for i in kept]
    precisions = with_prior(values[kept], space.prior_precision)
    matrix = symmetric_matrix(precisions, precisions)
    if check is not None and (method is MapMethod.UMAP or len(matrix) > _QUICK):
        positions = lay_out_apart(matrix, method=method, seed=seed, check=check)
    else:
        positions = lay_out(matrix, method=method, seed=seed)
    stress = stress_of(matrix, positions)
    points = [
        Drawn(
            name=record.name,
            x=float(x),
            y=float(y),
            classes=record.provenance.classes,
            group=record.tags[0] if record.tags else None,
            thumbnail=store.tasks.thumbnail(record.id) if thumbnails else None,
            standard_error=finite(record.provenance.standard_error),
        )
        for record, (x, y) in zip(records, positions, strict=True)
    ]
    if target is not None:
        figure = compose_map(
            points, title=title, thumbnails=thumbnails, method=method, stress=stress
        )
        save(figure, target, kind=kind)
    return TaskMap(
        points=tuple(
            MapPoint.model_validate({"id": record.id, **vars(point)})
            for record, point in zip(records, points, strict=True)
        ),
        method=method.value,
        stress=stress,
        warnings=(*warnings, *twice(again)),
    )


def twice(again: Iterable[StoredTask]) -> list[str]:
    """Return what is said of tasks that are not on the map, since a bundle brought them again."""
    names = [record.name for record in again]
    return remarks(names, "task", "left out, whose images and labels a bundle brought again")


def _common_space(records: list[StoredTask], tag: str | None) -> tuple[Space, tuple[str, ...]]:
    spaces = [record.provenance.space for record in records]
    if not spaces:
        raise InputError(
            "There is nothing to draw",
            expected="at least one task in the store" + (f" with the tag '{tag}'" if tag else ""),
            remedy="Embed some with `task2vec embed` or `task2vec batch`.",
        )
    # The first of equally common ones, so that the same store gives the same picture.
    space = max(dict.fromkeys(spaces), key=spaces.count)
    others = [r.name for r, s in zip(records, spaces, strict=True) if s != space]
    if not others:
        return space, ()
    return space, (f"left out, since they live in another space: {', '.join(others)}",)
